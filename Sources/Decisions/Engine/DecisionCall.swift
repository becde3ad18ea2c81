internal import Features
internal import Inference
internal import Timing

/// One decision under way, confined to its port's thread.
final class DecisionCall {
  let request: DecisionRequest
  let requestID: String?
  let scratch: PipelineScratch
  var run: DecisionRun
  var receiver: (any DecisionReceiver)?
  var vector = FeatureVector()
  /// By tier: the version asked.
  var versions: [String]
  /// The inference that is waited for, and its tier.
  var inference: (tier: Int, request: InferenceRequest)?
  /// Once decided: when the record must be there.
  var recordDeadline = Int64.max
  var decision: Decision?

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
  var timer: Int64 { run.isDone ? recordDeadline : run.timer }
}

/// Gets the answer of one tier.
final class TierCall: InferenceReceiver {
  private let tier: Int
  private let call: DecisionCall
  private unowned let port: DecisionPort

  init(tier: Int, call: DecisionCall, port: DecisionPort) {
    self.tier = tier
    self.call = call
    self.port = port
  }

  func receive(_ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest) {
    port.answered(call, tier: tier, outcome, of: request)
  }
}
