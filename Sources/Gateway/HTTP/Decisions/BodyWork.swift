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

/// What one turn takes on: ``BodyTurns/slice`` values, or fewer once they have
/// ``BodyTurns/sliceBytes``; always one.
struct TurnBudget {
  private var values = BodyTurns.slice
  private var bytes = BodyTurns.sliceBytes

  /// Whether there is room for another value.
  var hasRoom: Bool { values > 0 && bytes > 0 }

  /// Takes a value of `count` bytes on.
  mutating func spend(bytes count: Int) {
    values -= 1
    bytes -= count
  }
}

/// The turns of one work: one slice, then whatever else the event loop has to do.
struct BodyTurns {
  /// Values of one slice.
  static let slice = 64
  /// Bytes of one slice, about: its last value may go beyond.
  static let sliceBytes = 256 << 10
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
