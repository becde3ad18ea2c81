private import Dispatch
internal import Inference

/// One thread's worth of work that may block, one piece after the other.
final class ControlQueue: PortExecutor {
  private let queue: DispatchQueue

  init(_ name: String) { queue = DispatchQueue(label: name) }

  func execute(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

  /// Runs `body` after all before it; the caller's thread is free meanwhile.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(DecisionHostFailure) -> Value
  ) async throws(DecisionHostFailure) -> Value {
    let result = await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Value, DecisionHostFailure>, Never>) in
      queue.async {
        let result: Result<Value, DecisionHostFailure>
        do throws(DecisionHostFailure) {
          result = .success(try body())
        } catch {
          result = .failure(error)
        }
        continuation.resume(returning: result)
      }
    }
    return try result.get()
  }

  /// Runs `body` while the calling thread waits.
  func wait<Value: Sendable>(_ body: @Sendable () -> Value) -> Value { queue.sync(execute: body) }

  /// Runs `body` in `seconds` from now.
  func after(seconds: Int, _ body: @escaping @Sendable () -> Void) {
    queue.asyncAfter(deadline: .now() + .seconds(seconds), execute: body)
  }
}
