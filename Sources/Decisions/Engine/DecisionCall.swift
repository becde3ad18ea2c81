internal import Features
internal import Inference
internal import Timing

/// One decision under way, confined to its port's thread.
final class DecisionCall {
  var request: DecisionRequest
  let requestID: String?
  let scratch: PipelineScratch
  var run: DecisionRun
  var receiver: (any DecisionReceiver)?
  var vector = FeatureVector()
  /// By tier: the version asked.
  var versions: [String]
  /// The inference that is waited for, and its tier.
  var inference: (tier: Int, request: InferenceRequest)?
  /// Whether it counts among the decisions under way.
  var isAdmitted = false
  /// What it costs the port's thread.
  var account = PortLoad.Account()
  /// Whether its recorded decision is being looked for, or that of the same request under way.
  var isLookingUp = false
  /// Whether another call decides its request.
  var isRepetition = false
  /// Once decided, or while a record is looked for: when it must be there.
  var recordDeadline = Int64.max
  var decision: Decision?
  /// What the answer still waits for: the record, and the log of its event.
  var isRecordPending = false
  var isEventPending = false
  /// The decision that was recorded for this request before.
  var earlier: Decision?

  init(
    _ request: DecisionRequest, requestID: String?, scratch: PipelineScratch,
    receiver: any DecisionReceiver
  ) {
    self.request = request
    self.requestID = requestID
    self.scratch = scratch
    self.receiver = receiver
    versions = [String](repeating: "", count: request.pipeline.definition.tiers.count)
    run = DecisionRun(
      request.pipeline.definition, started: request.receivedAt.nanoseconds,
      deadline: request.deadline.nanoseconds)
  }

  /// When the port must look again; `Int64.max` for never.
  var timer: Int64 { isRecordAwaited ? recordDeadline : run.timer }

  /// Whether only the recorder or the log is waited for.
  var isRecordAwaited: Bool { run.isDone || isLookingUp || earlier != nil }
}

/// Gets the answer of one tier.
final class TierCall: InferenceReceiver {
  private let tier: Int
  private let call: DecisionCall
  // Kept: a model that cannot be stopped may answer after everybody else has let the port go.
  private let port: DecisionPort

  init(tier: Int, call: DecisionCall, port: DecisionPort) {
    self.tier = tier
    self.call = call
    self.port = port
  }

  func receive(_ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest) {
    port.spend(request.portNanoseconds, on: call)
    port.measure(call) { port.answered(call, tier: tier, outcome, of: request) }
  }
}
