internal import Decisions
internal import NIOCore

/// Gets the decisions of a call with many requests.
protocol DecisionCollector: AnyObject {
  /// The request with this ticket has its outcome; maybe before it was submitted wholly.
  func decided(_ ticket: Int, _ outcome: Result<Decision, DecisionFailure>)
}

/// The place of one request in a call with many.
final class DecisionSlot: DecisionReceiver {
  private let ticket: Int
  private let pipeline: String
  private let decisions: GRPCDecisions
  private let collector: any DecisionCollector

  init(
    _ ticket: Int, pipeline: String, of decisions: GRPCDecisions,
    collector: any DecisionCollector
  ) {
    self.ticket = ticket
    self.pipeline = pipeline
    self.decisions = decisions
    self.collector = collector
  }

  func receive(_ outcome: Result<Decision, DecisionFailure>) {
    decisions.count(outcome, pipeline: pipeline)
    collector.decided(ticket, outcome)
  }
}

extension DecisionMessage {
  /// A `DecisionResult` with an outcome.
  static func result(
    _ outcome: Result<Decision, DecisionFailure>, framed: Bool
  ) -> ByteBuffer {
    switch outcome {
    case .success(let decision): result(decision, framed: framed)
    case .failure(let failure): CallFailure(failure).result(framed: framed)
    }
  }
}
