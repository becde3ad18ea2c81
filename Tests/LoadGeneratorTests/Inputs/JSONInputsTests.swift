import LoadGenerator
import NIOCore
import Tensors
import Testing

@Suite struct JSONInputsTests {
  @Test func `a list of rows is grouped into batches, the last filled up`() throws {
    let text = """
      {"data": [{"x": [1, 2], "id": [7]}, {"id": 8, "x": {"content": [[3], [4]], "shape": [2]}},
       {"x": {"b64": "AACgQAAAwEA="}, "id": {"content": [9]}}]}
      """
    let single = try InputSamples.load("a.json", text)
    #expect(single.sets.count == 3)
    #expect(single.sets.map { InputSamples.floats($0["x"]) } == [[1, 2], [3, 4], [5, 6]])
    let pairs = try InputSamples.load("a.json", text, batchSize: 2)
    #expect(pairs.sets.map { InputSamples.integers($0["id"]) } == [[7, 8], [9, 7]])
    #expect(pairs.sets.map { InputSamples.floats($0["x"]) } == [[1, 2, 3, 4], [5, 6, 1, 2]])
    #expect(pairs.sets[1]["x"]?.shape == [2, 2])
    #expect(pairs.rowsPerRequest(of: InputSamples.model) == 2)
    let many = try InputSamples.load("a.json", text, batchSize: 8)
    #expect(many.sets.map { InputSamples.integers($0["id"]) } == [[7, 8, 9, 7, 8, 9, 7, 8]])
  }

  @Test func `lists of lists, whole requests and plain rows are read`() throws {
    let streams = try InputSamples.load(
      "a.json", #"{"data":[[{"x":[1,2],"id":1}],[{"x":[3,4],"id":2}]],"validation_data":[]}"#)
    #expect(streams.sets.count == 2)
    let request = try InputSamples.load(
      "a.json",
      #"{"id":"1","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,NaN]]},"#
        + #"{"data":[5,6],"datatype":"INT64","shape":[2,1],"name":"id"}],"outputs":[{"name":"y"}]}"#
    )
    #expect(request.sets.count == 1 && request.sets[0]["x"]?.shape == [2, 2])
    #expect(InputSamples.integers(request.sets[0]["id"]) == [5, 6])
    let lines = try InputSamples.load(
      "a.ndjson", "{\"x\":[1,2],\"id\":1}\r\n\n{\"x\":[3,4],\"id\":2,\"t\":\"ü\"}\n")
    #expect(lines.sets.count == 2 && InputSamples.texts(lines.sets[1]["t"]) == ["ü"])
    let several = try InputSamples.load("a.json", #"{"x":[1,2],"id":1} {"x":[3,4],"id":2}"#)
    #expect(several.sets.count == 2)
    let marked = try InputSamples.load("a.jsonl", "\u{FEFF}{\"x\":[1,2],\"id\":1}")
    #expect(marked.sets.count == 1)
  }

  @Test func `values of one element make several rows`() throws {
    let set = try InputSamples.load("a.json", #"{"x":[[1,2],[3,4]],"id":[1,2]}"#, batchSize: 2)
    #expect(set.sets.count == 1 && set.sets[0]["x"]?.shape == [2, 2])
    let split = try InputSamples.load("a.json", #"{"x":[[1,2],[3,4]],"id":[1,2]}"#)
    #expect(split.sets.map { InputSamples.integers($0["id"]) } == [[1], [2]])
  }

  @Test func `an open dimension follows from the values or their shape`() throws {
    let model = InputSamples.model(.int32, [-1, -1, 2], max: 4)
    let set = try InputSamples.load("a.json", #"{"x":[1,2,3,4]} {"x":[5,6]}"#, for: model)
    #expect(set.sets.map { $0["x"]?.shape.values } == [[1, 2, 2], [1, 1, 2]])
    #expect(
      InputSamples.error("a.json", #"{"x":[1,2,3,4]} {"x":[5,6]}"#, for: model, batchSize: 2)
        .contains("cannot share a batch"))
    let open = InputSamples.model(.int32, [-1, -1, -1], max: 4)
    let given = try InputSamples.load(
      "a.json", #"{"x":{"content":[1,2,3,4],"shape":[1,4]}}"#, for: open)
    #expect(given.sets[0]["x"]?.shape == [1, 1, 4])
    #expect(InputSamples.error("a.json", #"{"x":[1]}"#, for: open).contains("'shape'"))
  }

  @Test func `a model without a batch dimension takes each row as it is`() throws {
    let model = InputSamples.model(.fp64, [2, 2])
    let set = try InputSamples.load("a.json", #"{"x":[1,2,3,4]} {"x":[[5,6],[7,8]]}"#, for: model)
    #expect(set.sets.map { $0["x"]?.shape.values } == [[2, 2], [2, 2]])
    #expect(InputSamples.error("a.json", #"{"x":[1,2]}"#, for: model).contains("[2,2]"))
    #expect(
      InputSamples.error("a.json", #"{"x":[1]}"#, for: model, batchSize: 2)
        .contains("no batch dimension"))
  }

  @Test func `16-bit floats are rounded from JSON`() throws {
    for (type, bits) in [(ElementType.fp16, UInt16(0x3C00)), (.bf16, 0x3F80)] {
      let set = try InputSamples.load(
        "a.json", #"{"x":[1]}"#, for: InputSamples.model(type, [-1, 1]))
      let bytes = set.sets[0]["x"]?.bytes
      #expect(bytes?.getInteger(at: bytes?.readerIndex ?? 0, endianness: .little) == bits)
    }
  }

  @Test func `texts in base 64 are elements with lengths, or one without`() throws {
    let model = InputSamples.model(.bytes, [-1, 1])
    let whole = try InputSamples.load("a.json", #"{"x":{"b64":"aGk="}}"#, for: model)
    #expect(InputSamples.texts(whole.sets[0]["x"]) == ["hi"])
    let framed = try InputSamples.load(
      "a.json", #"{"x":{"content":{"b64":"AgAAAGhp"}}}"#, for: model)
    #expect(InputSamples.texts(framed.sets[0]["x"]) == ["hi"])
  }

  @Test(arguments: [
    (#"{"x":[1,2],"id":1,"z":1}"#, "a.json:1:20: 'z' is no input of model 'm'; inputs: x FP32"),
    ("{\"x\":[1,2],\n \"id\":1.5}", "a.json:2:7: input 'id' (INT64): a number with a point"),
    ("{\"x\":[1,2]}", "a.json:1:1: input 'id' is missing"),
    (#"{"x":[1,2,3],"id":1}"#, "a.json:1:6: input 'x' has 3 values, a row of model 'm' has shape"),
    (#"{"x":[1,2,3,4],"id":1}"#, "a.json:1:1: input 'id' has 1 rows, the others have 2"),
    (#"{"x":[1,2],"x":[1,2],"id":1}"#, "input 'x' is there twice"),
    (#"{"x":["a"],"id":1}"#, "a.json:1:7: input 'x' (FP32): expected a value"),
    (#"{"x":[1,2],"id":1"#, "a.json:1:18: it ends where"),
    ("", "it holds no inputs"), ("[]", "a.json:1:1: expected '{'"), (#"{"data":[]}"#, "no inputs"),
    (#"{"data":[1]}"#, "a.json:1:10: expected '{'"),
    (#"{"data":[{"y":1}]}"#, "'y' is no input"),
    (#"{"data":[],"x":[1,2]}"#, "use one form"),
    (#"{"x":{"b64":"?"},"id":1}"#, "a.json:1:14: 'b64' of input 'x' is not base 64"),
    (#"{"x":{"b64":"AAA="},"id":1}"#, "2 bytes, an element of FP32 has 4"),
    (#"{"x":{"shape":[2]},"id":1}"#, "neither 'content' nor 'b64'"),
    (#"{"x":{"content":[1,2],"shape":[3]},"id":1}"#, "has 2 values and says the shape [3]"),
    (#"{"x":{"content":[1,2],"b64":""},"id":1}"#, "twice"),
    (#"{"x":{"content":[1,2],"shape":[-2]},"id":1}"#, "at least 0"),
    (#"{"x":{"content":{"a":1}},"id":1}"#, "an array or one 'b64'"),
    (#"{"x":{"kontent":1},"id":1}"#, "'content' or 'b64'"),
    (#"{"inputs":[{"name":"q"}]}"#, "'q' is no input"),
    (#"{"inputs":[{"shape":[1]}]}"#, "no 'name'"),
    (#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}]}"#, "is FP64"),
    (#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP33","data":[1,2]}]}"#, "no datatype"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"data":[1,2]}]}"#, "says the shape [1,3]"),
    (#"{"inputs":[{"name":"x","data":[1,2]}]}"#, "no 'shape'"),
    (#"{"inputs":[{"name":"x","shape":[1,2]}]}"#, "no 'data'"),
    (#"{"inputs":[{"name":"x","parameters":{"binary_data_size":8}}]}"#, "must stand in 'data'"),
    (#"{"inputs":[{"name":"x","shape":[1,2],"data":[1,2]}]}"#, "input 'id' is missing"),
    (
      #"{"inputs":[{"name":"x","shape":[9,2],"data":[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8]},"#
        + #"{"name":"id","shape":[9,1],"data":[1,2,3,4,5,6,7,8,9]}]}"#, "takes at most 8"
    ),
  ]) func `wrong files are refused with their place`(_ text: String, _ expected: String) {
    let error = InputSamples.error("a.json", text)
    #expect(error.contains(expected), "\(error)")
  }

  @Test func `lines are read one by one`() {
    let error = InputSamples.error("a.ndjson", "{\"x\":[1,2],\"id\":1}\n{\"x\":[1,2],\n\"id\":1}")
    #expect(error.hasPrefix("a.ndjson:2:12: it ends where"), "\(error)")
  }

  @Test func `bounds hold`() {
    var limits = InputLimits()
    limits.rowsMax = 1
    let text = #"{"x":[1,2],"id":1}{"x":[1,2],"id":1}"#
    #expect(InputSamples.error("a.json", text, limits: limits).contains("more than 1 rows"))
    limits = InputLimits()
    limits.bytesMax = 40
    #expect(InputSamples.error("a.json", text + text, limits: limits).contains("larger than 40"))
    limits.bytesMax = 20
    #expect(
      InputSamples.error("a.json", #"{"x":[1,2],"id":1}"#, limits: limits) == ""
    )
    #expect(
      InputSamples.error("a.json", #"{"x":[1,2],"id":1}"#, batchSize: 9).contains("at most 8"))
  }

  @Test func `a request of another size than the batch is refused`() {
    let text =
      #"{"inputs":[{"name":"x","shape":[1,2],"data":[1,2]},"#
      + #"{"name":"id","shape":[1,1],"data":[1]}]}"#
    #expect(InputSamples.error("a.json", text, batchSize: 2).contains("leave the batch size out"))
  }

  @Test func `damaged documents never break it`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    let samples = [
      #"{"data":[{"x":[1,2],"id":[7]},{"x":{"content":[[3],[4]],"shape":[2]},"id":8}]}"#,
      #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]},"#
        + #"{"name":"id","shape":[1,1],"datatype":"INT64","data":[1]}]}"#,
      #"{"x":{"b64":"AACgQAAAwEA="},"id":1,"t":"a"}"#,
    ]
    let pieces = Array("{}[]\",:0123456789eE.-+\\ntfalsu x".utf8)
    for round in 0..<3_000 {
      var bytes = Array(samples[round % samples.count].utf8)
      for _ in 0...random.below(4) {
        let place = random.below(bytes.count)
        switch random.below(3) {
        case 0: bytes[place] = pieces[random.below(pieces.count)]
        case 1: bytes.remove(at: place)
        default: bytes.insert(pieces[random.below(pieces.count)], at: place)
        }
      }
      let file = InputFile(path: "f.json", bytes: bytes)
      guard let set = try? InputSource.read(file, for: InputSamples.model, batchSize: 2) else {
        continue
      }
      for inputs in set.sets {
        for input in inputs {
          #expect(throws: Never.self, "seed \(seed)") { try input.tensor.validate() }
        }
      }
    }
  }
}
