internal import NIOCore

/// A request whose body holds many values, worked on in slices so that the other connections of
/// the loop get their turns.
///
/// Confined to its connection's event loop.
protocol BodyWork: AnyObject {
  /// Begins; the connection hears of the end.
  func start()
  /// Nobody waits for the answer: what has not begun does not.
  func abandon()
  /// The client sends no more and has most likely left: what has not begun does not, and the
  /// answer says so.
  func cancel()
}

/// The turns of one work: one slice, then whatever else the event loop has to do.
struct BodyTurns {
  /// Values of one slice.
  static let slice = 64
  /// The pause after a slice. A task that is due at once would run before the loop looks at its
  /// sockets again.
  private static let pause = TimeAmount.microseconds(20)

  private let eventLoop: any EventLoop
  private var isScheduled = false

  init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// Runs `step` after a pause, unless one is to come already; it must call ``begin()``.
  mutating func schedule(after pause: TimeAmount = Self.pause, _ step: @escaping () -> Void) {
    guard !isScheduled else { return }
    isScheduled = true
    eventLoop.assumeIsolated().scheduleTask(in: pause, step)
  }

  /// A turn has begun.
  mutating func begin() { isScheduled = false }
}
