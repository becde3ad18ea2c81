internal import Rules

/// The values of all slots while one vector is made.
struct SlotValues: Sendable {
  /// What a slot without any event behind it has for a time.
  static let noTime = Int64.min

  var bits: [UInt64]
  var statuses: [FeatureStatus]
  /// By slot: the time of the newest event behind it.
  var times: [Int64]
  /// By slot of type string: its text.
  var places: [TextPlace]
  var text: [UInt8] = []

  init(count: Int) {
    bits = [UInt64](repeating: 0, count: count)
    statuses = [FeatureStatus](repeating: .missing, count: count)
    times = [Int64](repeating: Self.noTime, count: count)
    places = [TextPlace](repeating: TextPlace(), count: count)
  }

  func has(_ slot: Int) -> Bool { statuses[slot] != .missing }

  func number(_ slot: Int, _ type: RuleType) -> Double {
    switch type {
    case .double: Double(bitPattern: bits[slot])
    case .int: Double(Int64(bitPattern: bits[slot]))
    case .bool: bits[slot] == 0 ? 0 : 1
    case .string, .timestamp, .duration, .null: .nan
    }
  }

  /// Puts the value of a slot, or what its declaration says of a missing or old one.
  @inline(__always)
  mutating func put(
    _ slot: Int, _ value: UInt64?, time: Int64, at asked: Int64, _ rule: SlotRule
  ) {
    times[slot] = time
    guard let value else { return putNothing(slot, rule) }
    if time != Self.noTime, asked - time > rule.ttl {
      if !rule.servesStale { return putNothing(slot, rule) }
      statuses[slot] = .stale
    } else {
      statuses[slot] = .fresh
    }
    bits[slot] = value
  }

  mutating func putNothing(_ slot: Int, _ rule: SlotRule) {
    bits[slot] = rule.defaultBits
    statuses[slot] = rule.hasDefault ? .default : .missing
  }

  /// Puts a computed value: as trusted as the least of what it was made of, and as old as the
  /// oldest.
  mutating func putComputed(
    _ slot: Int, _ value: UInt64?, from inputs: [Int], _ rule: SlotRule
  ) {
    var status = FeatureStatus.fresh
    var time = Self.noTime
    for input in inputs {
      if times[input] != Self.noTime {
        time = time == Self.noTime ? times[input] : min(time, times[input])
      }
      switch statuses[input] {
      case .stale: status = .stale
      case .default: status = status == .stale ? .stale : .default
      case .missing, .fresh: break
      }
    }
    times[slot] = time
    guard let value else { return putNothing(slot, rule) }
    bits[slot] = value
    statuses[slot] = status
  }
}
