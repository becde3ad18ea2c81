/// The stages of one answer's `Server-Timing`, in nanoseconds, by their place in a
/// ``StageNames``; a stage that was not named is 0.
package struct ServerStages: Sendable, Equatable {
  /// Stages kept of one answer; further ones are left out.
  package static let countMax = 16

  package var nanoseconds = SIMD16<Int64>(repeating: 0)
  /// Bit `i` is set if stage `i` was named.
  package var named: UInt16 = 0

  package init() {}

  /// Whether the server said nothing.
  package var isEmpty: Bool { named == 0 }

  /// The time of a stage that the answer named.
  package mutating func set(_ index: Int, nanoseconds value: Int64) {
    guard index >= 0, index < Self.countMax else { return }
    nanoseconds[index] = value
    named |= 1 << UInt16(index)
  }
}

/// The names of the stages that answers mention, in the order in which they first came.
///
/// Confined to one event loop; each loop has its own, merged by name when the run ends.
package final class StageNames {
  package private(set) var names: [String] = []
  private var bytes: [[UInt8]] = []

  package init() {}

  /// The place of a name; `nil` when ``ServerStages/countMax`` others came before it.
  package func index(of name: Span<UInt8>) -> Int? {
    search: for (index, known) in bytes.enumerated() where known.count == name.count {
      for place in known.indices where known[place] != name[place] { continue search }
      return index
    }
    guard bytes.count < ServerStages.countMax else { return nil }
    var copy: [UInt8] = []
    for place in name.indices { copy.append(name[place]) }
    bytes.append(copy)
    names.append(String(decoding: copy, as: UTF8.self))
    return bytes.count - 1
  }
}
