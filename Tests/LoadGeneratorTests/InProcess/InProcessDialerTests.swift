import Inference
import Logging
import NIOCore
import NeedletailTesting
import Tensors
import Testing

@testable import LoadGenerator

@Suite struct InProcessDialerTests {
  /// Runs 40 requests, two at a time, against an engine that serves `model` as `double`.
  private func run(_ model: ScriptedModel, _ request: InProcessRequest) async throws
    -> LoadRecording
  {
    var options = EngineOptions()
    options.calibrates = false
    let engine = InferenceEngine(options: options, logger: Logger(label: "test"))
    try await ScriptedHost.serve([ScriptedHost.Entry("double", model: model)], on: engine)
    let entry = LoadPlan.Entry(
      name: "double", requests: [PreparedRequest(entry: 0, payload: .inProcess(request))])
    var plan = LoadPlan(
      pacing: .closed(concurrency: 2), entries: [entry], durationNanoseconds: 60_000_000_000)
    plan.requestsMax = 40
    let recording = try await LoadRun(plan: plan, dialer: InProcessDialer(engine: engine)).run()
    engine.shutDown()
    return recording
  }

  private func request(model: String = "double", input: String = "x") throws -> InProcessRequest {
    var bytes = ByteBuffer()
    for value in [1, 2, 3, 4] as [Float] {
      bytes.writeInteger(value.bitPattern, endianness: .little)
    }
    let shape = try #require(TensorShape([1, 4]))
    let tensor = Tensor(elementType: .fp32, shape: shape, bytes: bytes)
    return InProcessRequest(model: model, inputs: [(name: input, tensor: tensor)])
  }

  @Test func `an engine in this process answers, and says where the time went`() async throws {
    let recording = try await run(.doubling(), request())
    #expect(recording.counts[.ok] == 40)
    #expect(recording.isConserved)
    #expect(recording.bytesReceived == 640)
    #expect(recording.stages.names == ["decode", "queue", "batch", "run"])
    #expect(!recording.stages.isEmpty)
  }

  @Test func `what the engine does not take ends as a failure with its words`() async throws {
    for request in [try request(model: "none"), try request(input: "z")] {
      let recording = try await run(.doubling(), request)
      #expect(recording.counts[.failed] == 40)
      #expect(recording.isConserved)
      #expect(recording.samples.count == 1)
      #expect(recording.samples.first?.text.isEmpty == false)
    }
  }

  @Test func `a model that fails is told from one that cannot be reached`() async throws {
    let recording = try await run(.failing("no such luck"), request())
    #expect(recording.counts[.failed] == 40)
    #expect(recording.samples.first?.status == 500)
    #expect(recording.samples.first?.text.contains("no such luck") == true)
  }
}
