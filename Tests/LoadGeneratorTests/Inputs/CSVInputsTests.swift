import LoadGenerator
import NIOCore
import Tensors
import Testing

@Suite struct CSVInputsTests {
  @Test func `columns in any order fill rows, and rows fill batches`() throws {
    let text = "id,x[1],x[0],t\r\n1,2,1,a\r\n2,4,3,\"b,\"\"c\"\"\"\n\r\n3,6,5,\"\""
    let set = try InputSamples.load("a.csv", text, batchSize: 2)
    #expect(set.sets.count == 2)
    #expect(InputSamples.floats(set.sets[0]["x"]) == [1, 2, 3, 4])
    #expect(InputSamples.integers(set.sets[1]["id"]) == [3, 1])
    #expect(set.sets.map { InputSamples.texts($0["t"]) } == [["a", "b,\"c\""], ["", "a"]])
    #expect(set.sets[0]["x"]?.shape == [2, 2] && set.sets[0]["t"]?.shape == [2, 1])
  }

  @Test func `names with dots and the dot form are read`() throws {
    let model = ModelDescription(
      name: "m",
      inputs: [TensorSpec(name: "a.b", elementType: .int64, dimensions: [-1, 2])],
      outputs: [])
    let set = try InputSamples.load("a.csv", "\u{FEFF}a.b.0, a.b[1] \n1,2\n", for: model)
    #expect(InputSamples.integers(set.sets[0]["a.b"]) == [1, 2])
  }

  @Test func `cells of floats may be missing or special`() throws {
    let model = InputSamples.model(.fp32, [-1, 1])
    let set = try InputSamples.load(
      "a.csv", "x\n1e2\n+1.5\n.5\n\"\"\nnan\n-inf\n 2 \nNA\n1.\n", for: model, batchSize: 9)
    let values = InputSamples.floats(set.sets[0]["x"])
    #expect(values[0...2] == [100, 1.5, 0.5] && values[3].isNaN && values[4].isNaN)
    #expect(values[5] == -.infinity && values[6] == 2 && values[7].isNaN && values[8] == 1)
  }

  @Test func `every type is read`() throws {
    let cases: [(ElementType, String, [UInt8])] = [
      (.bool, "TRUE\n0\n", [1, 0]), (.int8, "-1\n127\n", [255, 127]),
      (.uint8, "0\n255\n", [0, 255]),
      (.int16, "-2\n1\n", [254, 255, 1, 0]), (.uint16, "65535\n1\n", [255, 255, 1, 0]),
      (.uint32, "4294967295\n1\n", [255, 255, 255, 255, 1, 0, 0, 0]),
      (.fp16, "1\n-2\n", [0, 0x3C, 0, 0xC0]), (.bf16, "1\n-2\n", [0x80, 0x3F, 0, 0xC0]),
      (.int32, "1\n2\n", [1, 0, 0, 0, 2, 0, 0, 0]),
      (.uint64, "18446744073709551615\n", [UInt8](repeating: 255, count: 8)),
      (.fp64, "1\n", [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
    ]
    for (type, text, bytes) in cases {
      let rows = text.count { $0 == "\n" }
      let set = try InputSamples.load(
        "a.csv", "x\n" + text, for: InputSamples.model(type, [-1]), batchSize: rows)
      #expect(Array(set.sets[0]["x"]?.bytes.readableBytesView ?? .init()) == bytes, "\(type)")
    }
  }

  @Test func `a model without a batch dimension takes a row a request`() throws {
    let model = InputSamples.model(.fp32, [3])
    let set = try InputSamples.load("a.csv", "x.0,x.1,x.2\n1,2,3\n4,5,6\n", for: model)
    #expect(set.sets.map { $0["x"]?.shape.values } == [[3], [3]])
    #expect(InputSamples.floats(set.sets[1]["x"]) == [4, 5, 6])
  }

  @Test(arguments: [
    ("", "a.csv:1:1: the file is empty"), ("id,x.0,x.1\n", "no row"),
    ("id,x.0\n1,2\n", "input 'x' has 1 values, a row of model 'm' has shape [2]"),
    ("id,x.0,x.1,x.2,x.3\n", "input 'x' has 4 columns"),
    ("id,x.0,x.2\n", "column 'x[1]' is missing"), ("x.0,x.1\n", "no column for input 'id'"),
    ("id,x.0,x.0\n", "a.csv:1:8: column 'x.0' is there twice"),
    ("id,x.0,x.1,q\n", "a.csv:1:12: column 'q' is no input of model 'm'"),
    ("id,x.-1,x.1\n", "column 'x.-1'"), ("id,x[a],x.1\n", "column 'x[a]'"),
    ("id,x.0,x.1\n1,2\n", "a.csv:2:1: the row has 2 fields, the header has 3"),
    ("id,x.0,x.1\n1,2,3\n1,zwei,3\n", "a.csv:3:3: 'zwei' is no FP32 value for input 'x'"),
    ("id,x.0,x.1\n1.5,2,3\n", "a.csv:2:1: '1.5' is no INT64 value"),
    ("id,x.0,x.1\n,2,3\n", "'' is no INT64 value"), ("id,x.0,x.1\n1,1e99,3\n", "'1e99' is no FP32"),
    ("id,x.0,x.1\n1,0x10,3\n", "'0x10' is no FP32"), ("id,x.0,x.1\n+-1,1,3\n", "'+-1' is no INT64"),
    ("id,x.0,x.1\n1,\"2,3\n", "a.csv:2:3: the quote that begins here has no end"),
    ("id,x.0,x.1\n1,\"2\"3,3\n", "a.csv:2:6: after a closing quote"),
    ("id,x.0,x.1\n1,2\"3,3\n", "a.csv:2:4: a quote inside"),
    ("id,x.0,x.1\n1,2,3\r4", "a.csv:2:6: a carriage return stands alone"),
  ]) func `wrong files are refused with their place`(_ text: String, _ expected: String) {
    let error = InputSamples.error("a.csv", text)
    #expect(error.contains(expected), "\(error)")
  }

  @Test func `bounds hold`() {
    var limits = InputLimits()
    limits.rowsMax = 2
    let text = "id,x.0,x.1\n1,2,3\n1,2,3\n1,2,3\n"
    #expect(InputSamples.error("a.csv", text, limits: limits).contains("a.csv:4:1: more than 2"))
    limits = InputLimits()
    limits.bytesMax = 35
    #expect(InputSamples.error("a.csv", text, limits: limits).contains("more than 35 bytes"))
    let wide = "x\n" + String(repeating: ",", count: 70_000)
    #expect(
      InputSamples.error("a.csv", wide, for: InputSamples.model(.fp32, [-1, 1]))
        .contains("more than 65536 fields"))
  }

  @Test func `what is written with quotes is read back`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    let model = InputSamples.model(.bytes, [-1, 2])
    let pieces = ["a", ",", "\"", "\n", "\r\n", "ü", " ", "'"]
    for _ in 0..<500 {
      let cells = (0..<2 * (1 + random.below(4))).map { _ in
        (0..<random.below(6)).map { _ in pieces[random.below(pieces.count)] }.joined()
      }
      var text = "x.0,x.1\n"
      for (index, cell) in cells.enumerated() {
        text += "\"" + cell.replacing("\"", with: "\"\"") + "\"" + (index % 2 == 0 ? "," : "\r\n")
      }
      let file = InputFile(path: "a.csv", bytes: Array(text.utf8))
      let set = try InputSource.read(file, for: model)
      #expect(set.sets.flatMap { InputSamples.texts($0["x"]) } == cells, "seed \(seed)")
    }
  }

  @Test func `damaged files never break it`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    let pieces = Array("0123456789.,\n\r\"x[]id-+e \u{7f}".utf8)
    for _ in 0..<5_000 {
      var bytes = Array("id,x[0],x[1],t\n1,2,3,a\n4,5,6,\"b\"\n".utf8)
      for _ in 0...random.below(4) {
        let place = random.below(bytes.count)
        switch random.below(3) {
        case 0: bytes[place] = pieces[random.below(pieces.count)]
        case 1: bytes.remove(at: place)
        default: bytes.insert(pieces[random.below(pieces.count)], at: place)
        }
      }
      let file = InputFile(path: "f.csv", bytes: bytes)
      guard let set = try? InputSource.read(file, for: InputSamples.model, batchSize: 2) else {
        continue
      }
      for input in set.sets.joined() {
        #expect(throws: Never.self, "seed \(seed)") { try input.tensor.validate() }
      }
    }
  }
}
