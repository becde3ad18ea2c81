import Gateway
import Inference
import LoadGenerator
import ModelRuntimes
import NIOCore
import NeedletailTesting
import SwiftProtobuf
import Tensors
import Testing
import Timing

@Suite struct RequestEncoderTests {
  private static let types: [(name: String, type: ElementType)] = ElementType.allCases.map {
    ($0.wireName.lowercased(), $0)
  }

  private static func inputs(
    _ model: ModelDescription, count: Int = 3, batchSize: Int = 2
  ) throws -> InputSet {
    var random = RandomInputs()
    random.count = count
    for input in model.inputs where input.dimensions == [-1, -1] {
      random.shapes[input.name] = [3]
    }
    return try random.make(for: model, batchSize: batchSize, limits: InputLimits())
  }

  private static func encode(
    _ model: ModelDescription, _ inputs: InputSet, _ options: RequestOptions = RequestOptions(),
    to destination: RequestEncoder.Destination = .http(authority: "h:1")
  ) throws(BenchInputError) -> [PreparedRequest] {
    try RequestEncoder(model: model, options: options, destination: destination)
      .encode(inputs, entry: 4)
  }

  private static func expectSame(
    _ request: InferenceRequest?, _ version: ServedVersion, _ set: NamedTensors
  ) {
    #expect(request?.inputs.count == set.count)
    for input in request?.inputs ?? [] {
      #expect(input.tensor == set[version.inputs[input.index].name])
    }
  }

  @Test func `binary HTTP requests of every type read back the same`() async throws {
    let (version, model) = try await RequestReading.serve(.echo(Self.types), name: "a b/ü")
    let inputs = try Self.inputs(model)
    let requests = try Self.encode(model, inputs)
    #expect(requests.count == 3 && requests.allSatisfy { $0.entry == 4 })
    for (request, set) in zip(requests, inputs.sets) {
      let decoded = try RequestReading.http(request, version)
      Self.expectSame(decoded.request, version, set)
      #expect(decoded.isBinaryDefault && decoded.outputs.isEmpty)
      #expect(decoded.route == .infer(model: "a b/ü", version: "1"))
      #expect(decoded.head.timeoutNanoseconds == nil && decoded.head.isPersistent)
    }
  }

  @Test func `JSON requests of every type that JSON has read back the same`() async throws {
    let types = Self.types.filter { $0.type != .fp16 && $0.type != .bf16 }
    let (version, model) = try await RequestReading.serve(.echo(types))
    let inputs = try Self.inputs(model)
    var options = RequestOptions()
    options.form = .json
    for (request, set) in zip(try Self.encode(model, inputs, options), inputs.sets) {
      let decoded = try RequestReading.http(request, version)
      Self.expectSame(decoded.request, version, set)
      #expect(!decoded.isBinaryDefault && decoded.head.jsonLength == nil)
    }
  }

  @Test func `gRPC requests of every type read back the same`() async throws {
    let (_, model) = try await RequestReading.serve(.echo(Self.types))
    let inputs = try Self.inputs(model)
    for (request, set) in zip(try Self.encode(model, inputs, to: .grpc), inputs.sets) {
      let (call, message) = try RequestReading.grpc(request)
      #expect(call.path == "/inference.GRPCInferenceService/ModelInfer")
      #expect(call.timeoutMicroseconds == 0 && call.metadata.isEmpty && call.stamps.isEmpty)
      #expect(message.modelName == "m" && message.modelVersion == "1" && message.id.isEmpty)
      #expect(message.parameters.isEmpty && message.outputs.isEmpty)
      for (index, input) in message.inputs.enumerated() {
        let tensor = try #require(set[input.name])
        #expect(input.datatype == tensor.elementType.wireName)
        #expect(input.shape == tensor.shape.values.map(Int64.init) && !input.hasContents)
        #expect(Array(message.rawInputContents[index]) == Array(tensor.bytes.readableBytesView))
      }
      var fields = ModelInferFields()
      try fields.read(Array(call.message.readableBytesView.dropFirst(5)).span)
      #expect(fields.inputs.count == set.count && fields.raw.count == set.count)
    }
  }

  @Test func `deadline, priority, outputs, id and headers are sent over HTTP`() async throws {
    let (version, model) = try await RequestReading.serve(.doubling())
    var options = RequestOptions()
    options.deadlineMicroseconds = 5_000
    options.priority = 2
    options.outputs = ["y"]
    options.stampsID = true
    options.headers = [("X-Key", "a b"), ("host", "other"), ("Content-Type", "x/y")]
    for form in RequestOptions.Form.allCases {
      options.form = form
      let request = try Self.encode(model, try Self.inputs(model, count: 1), options)[0]
      let decoded = try RequestReading.http(request, version)
      #expect(decoded.head.timeoutNanoseconds == 5_000_000)
      #expect(decoded.request?.priority == 2 && decoded.request?.deadline != .distantFuture)
      #expect(decoded.outputs.map(\.index) == [0])
      #expect(decoded.outputs.map(\.isBinary) == [form == .binary])
      guard case .http(let prepared) = request.payload else { continue }
      #expect(
        RequestReading.stamped(prepared.bytes, prepared.stamps) == ["0000000000000000"])
      #expect(decoded.request?.id == "0000000000000000")
      let head = String(buffer: prepared.bytes)
      #expect(head.contains("\r\nX-Key: a b\r\n") && !head.contains("h:1"))
      #expect(head.contains("\r\nContent-Type: x/y\r\n") && !head.contains("application"))
    }
    options.sendsDeadline = false
    options.outputs = []
    options.binaryOutputs = false
    let request = try Self.encode(model, try Self.inputs(model, count: 1), options)[0]
    let decoded = try RequestReading.http(request, version)
    #expect(decoded.head.timeoutNanoseconds == nil && !decoded.isBinaryDefault)
    #expect(decoded.request?.deadline == .distantFuture)
  }

  @Test func `deadline, priority, outputs, id and metadata are sent over gRPC`() async throws {
    let long = String(repeating: "m", count: 200)
    for name in ["m", long] {
      let (_, model) = try await RequestReading.serve(.doubling(), name: name)
      var options = RequestOptions()
      options.deadlineMicroseconds = 5_000
      options.priority = 2
      options.outputs = ["y"]
      options.stampsID = true
      options.headers = [("X-Key", "a b")]
      let inputs = try Self.inputs(model, count: 1)
      let request = try Self.encode(model, inputs, options, to: .grpc)[0]
      let (call, message) = try RequestReading.grpc(request)
      #expect(call.timeoutMicroseconds == 5_000)
      #expect(message.parameters["timeout"]?.int64Param == 5_000)
      #expect(message.parameters["priority"]?.uint64Param == 2)
      #expect(message.outputs.map(\.name) == ["y"])
      #expect(call.metadata.map(\.name) == ["x-key"])
      #expect(RequestReading.stamped(call.message, call.stamps) == [message.id])
      var stamped = call.message
      stamped.setString("0123456789abcdef", at: call.stamps[0].offset)
      let again = try RequestReading.grpc(
        PreparedRequest(entry: 0, payload: .grpc(GRPCRequestBytes(path: "", message: stamped))))
      #expect(again.1.id == "0123456789abcdef" && again.1.modelName == name)
    }
  }

  @Test func `requests of this process keep the tensors`() async throws {
    let (_, model) = try await RequestReading.serve(.doubling())
    var options = RequestOptions()
    options.deadlineMicroseconds = 7
    options.priority = 1
    let inputs = try Self.inputs(model)
    let requests = try Self.encode(model, inputs, options, to: .inProcess)
    for (request, set) in zip(requests, inputs.sets) {
      guard case .inProcess(let call) = request.payload else {
        Issue.record("another payload")
        continue
      }
      #expect(call.model == "m" && call.timeoutMicroseconds == 7 && call.priority == 1)
      #expect(call.inputs["x"] == set["x"])
    }
    options.outputs = ["y"]
    #expect(throws: BenchInputError.self) {
      try Self.encode(model, inputs, options, to: .inProcess)
    }
  }

  @Test func `what cannot be sent is refused by name`() throws {
    func message(_ model: ModelDescription, _ set: NamedTensors, _ options: RequestOptions)
      -> String
    {
      do throws(BenchInputError) {
        _ = try Self.encode(model, InputSet(sets: [set], origin: ""), options)
        return ""
      } catch {
        return error.description
      }
    }
    let half = InputSamples.model(.fp16, [-1])
    let tensor = Tensor(elementType: .fp16, shape: [1], bytes: ByteBuffer(bytes: [0, 0]))
    var options = RequestOptions()
    options.form = .json
    #expect(message(half, [("x", tensor)], options).contains("'x' of model 'm' is FP16"))
    var bytes = ByteBuffer()
    BytesElements.append([0xFF], to: &bytes)
    let text = Tensor(elementType: .bytes, shape: [1], bytes: bytes)
    #expect(message(InputSamples.model(.bytes, [-1]), [("x", text)], options).contains("UTF-8"))
    options.outputs = ["z"]
    #expect(message(half, [("x", tensor)], options).contains("'z' is no output"))
    options.outputs = ["y", "y"]
    #expect(message(half, [("x", tensor)], options).contains("twice"))
    options = RequestOptions()
    options.priority = -1
    #expect(message(half, [("x", tensor)], options).contains("priority -1"))
    options.priority = 0
    options.deadlineMicroseconds = -1
    #expect(message(half, [("x", tensor)], options).contains("deadline"))
    options.deadlineMicroseconds = 0
    for header in [("a b", "c"), ("", "c"), ("a", "b\r\nc"), ("Content-Length", "1"), ("ü", "")] {
      options.headers = [header]
      #expect(message(half, [("x", tensor)], options).contains("header"), "\(header)")
    }
  }

  @Test func `headers of the command line are read`() throws {
    #expect(try RequestHeaders.parse("A-b: c: d ") == ("A-b", "c: d"))
    #expect(try RequestHeaders.parse("a:") == ("a", ""))
    for text in ["a", ": b", "a b: c", "te: x", "a: \u{1}"] {
      #expect(throws: BenchInputError.self) { try RequestHeaders.parse(text) }
    }
    let long = "a: " + String(repeating: "b", count: 20_000)
    #expect(throws: BenchInputError.self) { try RequestHeaders.parse(long) }
  }

  @Test func `a mix gives each model its entry`() async throws {
    let (_, model) = try await RequestReading.serve(.doubling())
    let inputs = try Self.inputs(model)
    var options = RequestOptions()
    options.deadlineMicroseconds = 3
    options.sendsDeadline = false
    let mix = ModelMix([
      ModelMix.Part(model: model, weight: 3, inputs: inputs),
      ModelMix.Part(name: "urgent", model: model, inputs: inputs, options: options),
    ])
    let entries = try mix.entries(for: .grpc)
    #expect(entries.map(\.name) == ["m", "urgent"] && entries.map(\.weight) == [3, 1])
    #expect(entries.map(\.deadlineNanoseconds) == [nil, 3_000])
    #expect(entries[1].requests.allSatisfy { $0.entry == 1 })
    for weight in [0, -1, Double.nan, .infinity] {
      #expect(throws: BenchInputError.self) {
        try ModelMix([ModelMix.Part(model: model, weight: weight, inputs: inputs)])
          .entries(for: .grpc)
      }
    }
    #expect(throws: BenchInputError.self) { try ModelMix([]).entries(for: .grpc) }
  }

  @Test func `a destination follows from the target`() throws {
    for (url, expected) in [
      ("http://[::1]:5", RequestEncoder.Destination.http(authority: "[::1]:5")),
      ("grpc+unix:///s", .grpc), ("in-process:x", .inProcess),
    ] {
      #expect(RequestEncoder.Destination(try TargetURL.parse(url)) == expected)
    }
  }
}
