private import Foundation

/// From a value to a place on one axis.
struct AxisScale: Sendable {
  /// How values are spread.
  enum Kind: Sendable {
    case linear
    case logarithmic
    /// Quantiles (0 to 1) by their number of nines: 0.9, 0.99 and 0.999 lie equally far apart.
    case nines
  }

  /// A round value, and what is written beside it; minor ones have a line only.
  struct Tick: Sendable, Equatable {
    var value: Double
    var label: String?
  }

  let kind: Kind
  /// The values at both ends.
  let low: Double
  let high: Double
  /// Their places.
  let from: Double
  let to: Double

  /// An axis over `values`; never empty, whatever they are. A logarithmic one takes those above 0.
  init(_ kind: Kind, low: Double, high: Double, from: Double, to: Double) {
    self.kind = kind
    self.from = from
    self.to = to
    // Far beyond all that is counted or timed, and near enough that no arithmetic overflows.
    let low = low.isFinite ? min(max(low, -1e15), 1e30) : 0
    let high = high.isFinite ? min(max(high, -1e15), 1e30) : low
    switch kind {
    case .linear:
      self.low = low
      self.high = high > low ? high : low + max(1, abs(low))
    case .logarithmic:
      self.low = low > 0 ? max(low, 1e-6) : 1
      self.high = high > self.low * 1.01 ? high : self.low * 10
    case .nines:
      self.low = 0
      self.high = min(max(high, 0.9), 1 - 1e-9)
    }
  }

  /// Where a value lies; one outside lies at the nearer end.
  func place(_ value: Double) -> Double {
    let start = position(low)
    let end = position(high)
    let part = value.isNaN ? 0 : (position(min(max(value, low), high)) - start) / (end - start)
    return from + (to - from) * min(1, max(0, part))
  }

  /// The value at a part of the axis, 0 to 1.
  func value(at part: Double) -> Double {
    let start = position(low)
    let position = start + (self.position(high) - start) * part
    switch kind {
    case .linear: return position
    case .logarithmic: return pow(10, position)
    case .nines: return 1 - pow(10, -position)
    }
  }

  private func position(_ value: Double) -> Double {
    switch kind {
    case .linear: value
    case .logarithmic: log10(value)
    case .nines: -log10(1 - value)
    }
  }

  /// The next round value at or above `value`: 1, 2, 2.5 or 5 times a power of ten.
  static func roundedUp(_ value: Double) -> Double {
    guard value.isFinite, value > 0 else { return 1 }
    let power = pow(10, floor(log10(value)))
    for step in [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10] where step * power >= value * 0.999_999 {
      return step * power
    }
    return 10 * power
  }

  /// The next power of ten, twice or five times one, at or below `value`.
  static func roundedDown(_ value: Double) -> Double {
    guard value.isFinite, value > 0 else { return 1 }
    let power = pow(10, floor(log10(value)))
    for step in [5.0, 2] where step * power <= value { return step * power }
    return power
  }

  /// Round values inside the axis, about `count` of them with a label.
  func ticks(about count: Int, label: (Double) -> String) -> [Tick] {
    switch kind {
    case .linear: linearTicks(count, label)
    case .logarithmic: logarithmicTicks(count, label)
    case .nines: ninesTicks
    }
  }

  private func linearTicks(_ count: Int, _ label: (Double) -> String) -> [Tick] {
    let rough = (high - low) / Double(max(1, count))
    guard rough > 0, rough.isFinite else { return [] }
    let power = pow(10, floor(log10(rough)))
    let step = ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10) * power
    var ticks: [Tick] = []
    var index = (low / step).rounded(.up)
    while index * step <= high + step * 1e-6, ticks.count < 50 {
      ticks.append(Tick(value: index * step, label: label(index * step)))
      index += 1
    }
    return ticks
  }

  private func logarithmicTicks(_ count: Int, _ label: (Double) -> String) -> [Tick] {
    let decades = log10(high / low)
    // Few decades have room for a label at 1, 2 and 5; many for the powers of ten alone.
    let isFine = decades * 3 <= Double(count) + 1
    let every = max(1, Int((decades / Double(max(1, count))).rounded(.up)))
    var ticks: [Tick] = []
    for exponent in Int(floor(log10(low)))...Int(ceil(log10(high))) {
      for digit in [1.0, 2, 5] {
        let value = digit * pow(10, Double(exponent))
        guard value >= low * 0.999_999, value <= high * 1.000_001 else { continue }
        let isLabelled = digit == 1 ? exponent % every == 0 : isFine
        ticks.append(Tick(value: value, label: isLabelled ? label(value) : nil))
      }
    }
    return ticks
  }

  private var ninesTicks: [Tick] {
    var ticks = [Tick(value: 0, label: "0 %"), Tick(value: 0.5, label: "50 %")]
    for (value, label) in [
      (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %"),
      (0.99999, "99.999 %"), (0.999999, "99.9999 %"), (0.9999999, "99.99999 %"),
    ] where value <= high {
      ticks.append(Tick(value: value, label: label))
    }
    return ticks
  }
}
