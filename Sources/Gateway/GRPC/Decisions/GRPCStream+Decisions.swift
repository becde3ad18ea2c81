package import Decisions
internal import NIOCore
internal import Timing

/// `Decide`: one message in, one message out, without anything in between.
extension GRPCStream: DecisionReceiver {
  /// Decides the call's only message.
  func decide(_ message: ByteBuffer) {
    do throws(CallFailure) {
      let turn = loop.decisions.door?.turnStart() ?? connection.readAt
      let request = try loop.decisions.request(
        message, receivedAt: min(connection.readAt, turn), deadline: head.deadline)
      deciding = request.pipeline.definition.name
      loop.decisions.door?.port.submit(request, receiver: self)
    } catch {
      finish(error.grpc, timing: error.trailers)
    }
  }

  package func receive(_ outcome: Result<Decision, DecisionFailure>) {
    loop.decisions.count(outcome, pipeline: deciding)
    guard !isFinished else { return }
    switch outcome {
    case .success(let decision): answer(framed: DecisionMessage.framed(decision))
    case .failure(let failure):
      let failure = CallFailure(failure)
      finish(failure.grpc, timing: failure.trailers)
    }
  }
}
