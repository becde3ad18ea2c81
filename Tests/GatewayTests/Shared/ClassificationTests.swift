import Gateway
import Inference
import Logging
import NIOCore
import NeedletailTesting
import Tensors
import Testing

@Suite struct ClassificationTests {
  private static func version(columns: Int) async throws -> ServedVersion {
    var options = EngineOptions()
    options.calibrates = false
    let engine = InferenceEngine(
      options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let model = ScriptedModel.doubling(columns: columns)
    try await ScriptedHost.serve([ScriptedHost.Entry("m", model: model)], on: engine)
    return try engine.served(model: "m", version: "")
  }

  private static func tensor(_ rows: Int, _ values: [Float]) throws -> Tensor {
    var bytes = ByteBuffer()
    for value in values { bytes.writeInteger(value.bitPattern, endianness: .little) }
    let shape = try #require(TensorShape([rows, values.count / rows]))
    return Tensor(elementType: .fp32, shape: shape, bytes: bytes)
  }

  @Test(arguments: [1, 3, 31, 32, 33, 400, 1_000, Int.max])
  func `the highest classes are those of a full sort`(_ top: Int) async throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    let values = (0..<1_000).map { _ in Float(Int.random(in: 0..<300, using: &random)) }
    let expected = values.indices.sorted {
      values[$0] > values[$1] || values[$0] == values[$1] && $0 < $1
    }
    let result = try Classification.encode(
      try Self.tensor(1, values), top: top, version: try await Self.version(columns: 1_000),
      output: 0)
    var texts: [String] = []
    BytesElements.forEach(in: result.bytes) { texts.append(String(buffer: $0)) }
    #expect(
      texts == expected.prefix(top).map { "\(values[$0]):\($0)" }, "seed \(seed)")
  }

  @Test func `a million classes are the most`() async throws {
    let version = try await Self.version(columns: 1 << 15)
    let tensor = try Self.tensor(33, [Float](repeating: 1, count: 33 << 15))
    #expect(throws: InferenceError.self) {
      try Classification.encode(tensor, top: .max, version: version, output: 0)
    }
    let few = try Classification.encode(tensor, top: 1, version: version, output: 0)
    #expect(few.shape == [33, 1])
  }
}
