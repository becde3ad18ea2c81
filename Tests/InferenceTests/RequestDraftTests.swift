import Inference
import NIOCore
import Tensors
import Testing
import Timing

@Suite struct RequestDraftTests {
  private final class Nobody: InferenceReceiver {
    func receive(
      _ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest
    ) {}
  }

  /// The error of a request with one FP32 tensor of `shape` and `byteCount` bytes; `nil` if valid.
  private func error(
    _ type: ElementType, _ shape: TensorShape, byteCount: Int
  ) async throws -> InferenceError? {
    let harness = try await EngineHarness("max_batch_size: 8")
    let served = try harness.port.resolve(model: "double", version: "")
    var draft = RequestDraft(version: served, receivedAt: .now())
    try draft.add(
      input: 0,
      Tensor(
        elementType: type, shape: shape, bytes: ByteBuffer(repeating: 0, count: byteCount)))
    do {
      _ = try draft.makeRequest(receiver: Nobody())
      return nil
    } catch {
      #expect(error.code == .invalidArgument)
      return error
    }
  }

  @Test func `a fitting request passes, an empty batch too`() async throws {
    #expect(try await error(.fp32, [3, 2], byteCount: 24) == nil)
    #expect(try await error(.fp32, [0, 2], byteCount: 0) == nil)
  }

  @Test func `each misfit is told with what was expected and what was found`() async throws {
    let cases: [(ElementType, TensorShape, Int, String)] = [
      (.fp32, [1, 3], 12, "unexpected shape for input 'x' for model 'double'"),
      (.fp32, [1, 3], 12, "Expected [-1,2], got [1,3]"),
      (.fp32, [2], 8, "Expected [-1,2], got [2]"),
      (.int32, [1, 2], 8, "data-type is 'INT32', but model 'double' expects 'FP32'"),
      (.fp32, [1, 2], 7, "input byte size mismatch for input 'x' for model 'double'"),
      (.fp32, [1, 2], 7, "Expected 8, got 7"),
      (.fp32, [9, 2], 72, "batch-size must be <= 8 for 'double', got 9"),
    ]
    for (type, shape, byteCount, text) in cases {
      let message = try await error(type, shape, byteCount: byteCount)?.message ?? ""
      #expect(message.contains(text))
    }
  }

  @Test func `a missing and a repeated input are named`() async throws {
    let harness = try await EngineHarness()
    let served = try harness.port.resolve(model: "double", version: "")
    let draft = RequestDraft(version: served, receivedAt: .now())
    do {
      _ = try draft.makeRequest(receiver: Nobody())
      Issue.record("a request without inputs passed")
    } catch {
      #expect(error.message.contains("expected 1 inputs but got 0 inputs for model 'double'"))
    }
    var twice = RequestDraft(version: served, receivedAt: .now())
    let tensor = Tensor(elementType: .fp32, shape: [0, 2], bytes: ByteBuffer())
    try twice.add(input: 0, tensor)
    #expect(throws: InferenceError.self) { try twice.add(input: 0, tensor) }
  }

  @Test func `the earliest of all deadlines counts, from the first byte`() async throws {
    let harness = try await EngineHarness()
    let served = try harness.port.resolve(model: "double", version: "")
    let first = MonotonicInstant(nanoseconds: 5_000_000)
    var draft = RequestDraft(
      version: served, receivedAt: MonotonicInstant(nanoseconds: 9_000_000), firstByteAt: first)
    try draft.add(input: 0, Tensor(elementType: .fp32, shape: [0, 2], bytes: ByteBuffer()))
    draft.timeoutMicroseconds = 1_000
    draft.deadline = MonotonicInstant(nanoseconds: 7_000_000)
    let request = try draft.makeRequest(receiver: Nobody())
    #expect(request.deadline == MonotonicInstant(nanoseconds: 6_000_000))
  }

  @Test func `names are found by their bytes`() async throws {
    let harness = try await EngineHarness()
    let served = try harness.port.resolve(model: "double", version: "")
    #expect(served.inputIndex(named: Array("x".utf8).span) == 0)
    #expect(served.inputIndex(named: Array("xx".utf8).span) == nil)
    #expect(served.outputIndex(named: Array("y".utf8).span) == 0)
    #expect(served.outputIndex(named: Array("x".utf8).span) == nil)
  }
}
