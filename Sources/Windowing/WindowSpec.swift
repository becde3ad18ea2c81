/// Why a window, an aggregate or an event cannot be used; fit for the user.
package struct WindowError: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}

/// A sliding window over event time that moves in hops.
///
/// At time t it covers the events whose time lies in `[⌊s/h⌋·h − W, ⌊s/h⌋·h + h)`, where `s` is t
/// less the delay, W the length and h the hop: at least W and less than W + h before `s`, and the
/// rest of the hop in which `s` lies.
package struct WindowSpec: Sendable, Hashable {
  /// Nanoseconds covered, a multiple of ``hop``.
  package let length: Int64
  /// Nanoseconds of one hop.
  package let hop: Int64
  /// Nanoseconds after which an event begins to count, as a label that is known only later.
  package let delay: Int64

  /// The most hops of one window.
  package static let hopsMax: Int64 = 4096
  /// The longest time a window or a delay spans: ten years, in nanoseconds.
  package static let spanMax: Int64 = 10 * 366 * 86_400 * 1_000_000_000

  /// - Throws: ``WindowError`` if the length is no multiple of the hop, or out of range.
  package init(length: Int64, hop: Int64, delay: Int64 = 0) throws(WindowError) {
    guard length > 0, hop > 0, length <= Self.spanMax, delay >= 0, delay <= Self.spanMax else {
      throw WindowError("a window's length and hop must be above 0 and at most ten years")
    }
    guard length % hop == 0 else {
      throw WindowError("the length of a window must be a multiple of its hop")
    }
    guard length / hop <= Self.hopsMax else {
      throw WindowError("a window has at most \(Self.hopsMax) hops: choose a longer hop")
    }
    self.length = length
    self.hop = hop
    self.delay = delay
  }

  /// The hop for a window that names none: a 32nd of it, at least a second, and such that the
  /// window is a multiple of it.
  package static func defaultHop(length: Int64) -> Int64 {
    let second: Int64 = 1_000_000_000
    if length <= second { return Swift.max(1, length) }
    var hops: Int64 = 32
    while hops > 1, length % hops != 0 || length / hops < second { hops -= 1 }
    return length / hops
  }

  /// Hops of one window, the one that has begun not counted.
  package var hops: Int64 { length / hop }

  /// The tile of an instant: the number of its hop since 1970.
  func tile(of time: Int64) -> Int64 {
    let quotient = time / hop
    return time % hop < 0 ? quotient - 1 : quotient
  }
}
