import Foundation
import Gateway
import Inference
import Logging
import ModelRuntimes
import NIOCore
import NeedletailTesting
import Tensors
import Testing
import Timing

@Suite struct InferenceBodyDecoderTests {
  private final class Nobody: InferenceReceiver {
    func receive(
      _ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest
    ) {}
  }

  private static func version(_ model: ScriptedModel) async throws -> ServedVersion {
    var options = EngineOptions()
    options.calibrates = false
    let engine = InferenceEngine(
      options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await ScriptedHost.serve([ScriptedHost.Entry("m", model: model)], on: engine)
    return try engine.served(model: "m", version: "")
  }

  private static func decode(
    _ body: [UInt8], jsonLength: Int? = nil, _ version: ServedVersion
  ) throws(InferenceError) -> InferenceRequest {
    var decoder = try InferenceBodyDecoder(
      draft: RequestDraft(version: version, receivedAt: .now()), body: ByteBuffer(bytes: body),
      jsonLength: jsonLength, sharedMemory: SharedMemoryRegistry(), depthMax: 64)
    try decoder.decode()
    return try decoder.draft.makeRequest(receiver: Nobody())
  }

  private static func decode(_ text: String, _ version: ServedVersion) throws(InferenceError)
    -> InferenceRequest
  {
    try decode(Array(text.utf8), version)
  }

  private static func message(_ text: String, _ version: ServedVersion) -> String {
    do throws(InferenceError) {
      _ = try decode(text, version)
      return ""
    } catch {
      return error.message
    }
  }

  @Test func `every type is read from JSON`() async throws {
    let cases: [(ElementType, String, [UInt8])] = [
      (.bool, "[true,false,1,0]", [1, 0, 1, 0]), (.int8, "[-128,127,0,1]", [128, 127, 0, 1]),
      (.uint8, "[255,0,1,2]", [255, 0, 1, 2]),
      (.int16, "[-1,1,0,256]", [255, 255, 1, 0, 0, 0, 0, 1]),
      (
        .uint32, "[4294967295,0,0,1]",
        [255, 255, 255, 255] + [UInt8](repeating: 0, count: 8) + [1, 0, 0, 0]
      ),
      (
        .fp32, "[1,-2,NaN,-Infinity]",
        [0, 0, 128, 63, 0, 0, 0, 192, 0, 0, 192, 127, 0, 0, 128, 255]
      ),
    ]
    for (type, data, bytes) in cases {
      let version = try await Self.version(.echo([("v", type)]))
      for nested in [data, "[\(data)]", "[[\(data.dropFirst().dropLast())]]"] {
        let text =
          #"{"inputs":[{"name":"in_v","shape":[1,4],"datatype":"\#(type.wireName)","#
          + #""data":\#(nested)}]}"#
        let request = try Self.decode(text, version)
        #expect(Array(request.inputs[0].tensor.bytes.readableBytesView) == bytes, "\(text)")
      }
    }
  }

  @Test func `parameters and unknown members are read`() async throws {
    let version = try await Self.version(.doubling())
    let request = try Self.decode(
      #"{"x":{"y":[1]},"parameters":{"priority":3,"timeout":5000000,"a":"b","sequence_id":"s","#
        + #""sequence_start":true},"id":"i\u0031","inputs":[{"name":"\u0078","shape":[1,4],"#
        + #""datatype":"FP32","z":null,"data":[1,2,3,4]}]}"#, version)
    #expect(request.priority == 3 && request.id == "i1")
    #expect(request.deadline != .distantFuture)
  }

  @Test func `refusals say what is wrong`() async throws {
    let version = try await Self.version(.doubling())
    let input = #"{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}"#
    let cases = [
      (#"{"inputs":[\#(input)],"parameters":{"triton_x":1}}"#, "reserved for Triton usage"),
      (#"{"inputs":[\#(input),\#(input)]}"#, "already exists"),
      (#"{"inputs":[]}"#, "missing required input(s)"),
      (#"{"id":"a"}"#, "Unable to find 'inputs'"),
      (#"{"inputs":[\#(input)],"outputs":[{"name":"z"}]}"#, "unexpected inference output 'z'"),
      (input.replacingOccurrences(of: "\"x\"", with: "\"z\""), "unexpected inference input 'z'"),
      (input.replacingOccurrences(of: "FP32", with: "FP33"), "invalid datatype 'FP33'"),
      (input.replacingOccurrences(of: "[1,4]", with: "[1,5]"), "Shape does not match true shape"),
      (input.replacingOccurrences(of: "[1,4]", with: "[4]"), "unexpected shape for input 'x'"),
      (input.replacingOccurrences(of: "3,4]", with: "3,1e40]"), "out of the range of FP32"),
      (input.replacingOccurrences(of: "3,4]", with: "3,\"4\"]"), "expected a value"),
      (input.replacingOccurrences(of: ",\"data\":[1,2,3,4]", with: ""), "has no data"),
    ]
    for (text, expected) in cases {
      let body = text.hasPrefix(#"{"name""#) ? #"{"inputs":[\#(text)]}"# : text
      #expect(Self.message(body, version).contains(expected), "\(body)")
    }
  }

  @Test func `integers are not made of fractions`() async throws {
    let version = try await Self.version(.echo([("v", .int32)]))
    for (data, expected) in [("1.0", "is not an integer"), ("2147483648", "out of the range")] {
      let text = #"{"inputs":[{"name":"in_v","shape":[1,1],"datatype":"INT32","data":[\#(data)]}]}"#
      #expect(Self.message(text, version).contains(expected))
    }
  }

  @Test func `mutated bodies are decoded or refused, never more`() async throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    let version = try await Self.version(.echo([("a", .fp32), ("s", .bytes)]))
    let json =
      #"{"id":"1","parameters":{"binary_data_output":true},"inputs":[{"name":"in_a","shape":[1,2],"#
      + #""datatype":"FP32","parameters":{"binary_data_size":8}},{"name":"in_s","shape":[1,2],"#
      + #""datatype":"BYTES","parameters":{"binary_data_size":11}}]}"#
    let tail: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64, 1, 0, 0, 0, 97, 2, 0, 0, 0, 98, 99]
    let whole = Array(json.utf8) + tail
    #expect(try Self.decode(whole, jsonLength: json.utf8.count, version).inputs.count == 2)
    let alphabet = Array("{}[]\",:0123456789-eE. \\".utf8) + [0, 255]
    var accepted = 0
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        case 1: bytes.remove(at: place)
        case 2:
          bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &random)], at: place)
        default: bytes.removeSubrange(place...)
        }
        if bytes.isEmpty { bytes = whole }
      }
      let length =
        Bool.random(using: &random) ? json.utf8.count : Int.random(in: 1...400, using: &random)
      guard let request = try? Self.decode(bytes, jsonLength: length, version) else { continue }
      accepted += 1
      for input in request.inputs { try input.tensor.validate() }
    }
    #expect(accepted < 20_000, "seed \(seed)")
  }

  @Test func `an input of two types and an output asked for twice are refused`() async throws {
    let version = try await Self.version(.doubling())
    let input = #"{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,1,1,1]"#
    #expect(
      Self.message(#"{"inputs":[\#(input),"datatype":"BYTES"}]}"#, version)
        .hasSuffix("an input has 'datatype' twice"))
    let output = #"{"name":"y"}"#
    #expect(
      Self.message(#"{"inputs":[\#(input)}],"outputs":[\#(output),\#(output)]}"#, version)
        .hasPrefix("output 'y' is asked for twice"))
  }

  @Test func `what once broke a reader stays refused`() async throws {
    let folder = try #require(Bundle.module.url(forResource: "Corpus", withExtension: nil))
    let files = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    #expect(files.count >= 15)
    let version = try await Self.version(.doubling())
    for file in files {
      let bytes = [UInt8](try Data(contentsOf: file))
      switch file.lastPathComponent.prefix(while: { $0 != "-" }) {
      case "http": replayHTTP(bytes)
      case "json":
        #expect(throws: JSONError.self) { try JSONValue.parse(bytes.span, depthMax: 64) }
      default:
        #expect(throws: InferenceError.self) { try Self.decode(bytes, version) }
      }
    }
  }

  /// In pieces a head must be read, or refused, as it is in one.
  private func replayHTTP(_ bytes: [UInt8]) {
    var whole = HTTPRequestParser(limits: GatewayLimits())
    let expected = try? whole.parse(bytes.span)
    var parser = HTTPRequestParser(limits: GatewayLimits())
    var head: Gateway.HTTPRequestHead?
    for count in 1...bytes.count where head == nil {
      do throws(HTTPRejection) {
        head = try parser.parse(bytes.span.extracting(first: count))
      } catch {
        break
      }
    }
    #expect(head == expected)
  }
}
