internal import Decisions
private import Foundation
internal import Timing

extension NeedletailEngine {
  /// Decides one input.
  ///
  /// Repeating a request (the same id, in the field that the pipeline's `input.id` names) gives the
  /// decision that was made.
  ///
  /// - Parameters:
  ///   - input: values by the names of the pipeline's fields.
  ///   - timeout: how long the caller waits; the pipeline's own budget may be shorter. Counted from
  ///     this call.
  ///   - wantsFeatures: whether the decision says the features that it used.
  /// - Throws: ``EngineFailure``: `notFound`, `invalidInput` with every problem, `overloaded`,
  ///   `durability` or `closed`.
  public func decide(
    _ pipeline: String, _ input: [String: Value], timeout: Duration? = nil,
    wantsFeatures: Bool = false
  ) async throws(EngineFailure) -> Decision {
    try await decide(
      pipeline, json: JSONText.object(input), timeout: timeout, wantsFeatures: wantsFeatures)
  }

  /// Decides one input that is JSON already: an object, in UTF-8.
  public func decide(
    _ pipeline: String, json: [UInt8], timeout: Duration? = nil, wantsFeatures: Bool = false
  ) async throws(EngineFailure) -> Decision {
    try checkOpen()
    let receivedAt = MonotonicInstant.now()
    guard let served = host.engine.pipeline(named: pipeline) else {
      let known = host.engine.names.joined(separator: ", ")
      throw EngineFailure(.notFound, "there is no pipeline '\(pipeline)'; served: \(known)")
    }
    let wallTime = Int64(Date().timeIntervalSince1970 * 1e9)
    let result: Result<Decision, EngineFailure> = await withCheckedContinuation { continuation in
      let receiver = ContinuationReceiver(continuation)
      door.enter { port in
        guard let port else { return receiver.fail(.closed, ["the engine is closed"]) }
        do throws(InputProblems) {
          var request = try DecisionRequest(
            pipeline: served, json: json, receivedAt: receivedAt, wallTime: wallTime)
          request.wantsFeatures = wantsFeatures
          if let timeout {
            request.deadline = receivedAt.advanced(byNanoseconds: timeout.nanoseconds)
          }
          port.submit(request, receiver: receiver)
        } catch {
          receiver.fail(.invalidInput, error.problems.map(\.description))
        }
      }
    }
    return try result.get()
  }
}

/// Wakes the task that asked.
private final class ContinuationReceiver: DecisionReceiver, Sendable {
  private let continuation: CheckedContinuation<Result<Decision, EngineFailure>, Never>

  init(_ continuation: CheckedContinuation<Result<Decision, EngineFailure>, Never>) {
    self.continuation = continuation
  }

  func receive(_ outcome: Result<Decisions.Decision, DecisionFailure>) {
    switch outcome {
    case .success(let decision): continuation.resume(returning: .success(Decision(decision)))
    case .failure(let failure):
      let code: EngineFailure.Code = failure.code == .overloaded ? .overloaded : .durability
      fail(code, [failure.message])
    }
  }

  func fail(_ code: EngineFailure.Code, _ problems: [String]) {
    continuation.resume(returning: .failure(EngineFailure(code, problems)))
  }
}
