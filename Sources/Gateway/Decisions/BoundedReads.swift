private import NIOPosix
private import Synchronization

/// Runs what may wait for a disk on threads of their own, a bounded number at a time: neither an
/// event loop nor a thread of tasks waits.
package final class BoundedReads: Sendable {
  /// The most that run or wait at one time.
  package let countMax: Int
  private let underWay = Atomic<Int>(0)

  package init(countMax: Int = 64) { self.countMax = countMax }

  /// As many reads as may be wait already.
  package struct Full: Error, Sendable {}

  /// Runs `body` on a thread that may block.
  ///
  /// - Throws: ``Full``, or what `body` does.
  package func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    let count = underWay.wrappingAdd(1, ordering: .relaxed).newValue
    defer { underWay.wrappingSubtract(1, ordering: .relaxed) }
    guard count <= countMax else { throw Full() }
    return try await NIOThreadPool.singleton.runIfActive(body)
  }
}
