/// What an objective speaks of, and how its values are written.
package enum ObjectiveMetric: Sendable, Hashable {
  /// Which times a latency metric looks at; see the histograms of ``LoadRecording``.
  package enum Population: String, Sendable, Hashable, CaseIterable {
    /// Successes from the intended send.
    case latency = ""
    /// Successes from the actual send.
    case service
    /// Refusals and expiries from the intended send.
    case refusal
    /// The generator's own lag.
    case lag
    /// The wait for a free connection.
    case wait
  }

  /// One number of many times.
  package enum Statistic: Sendable, Hashable {
    /// Above 0, below 100, as it was written: 99.9.
    case percentile(Double)
    case mean
    case max
  }

  /// A part of the offered requests.
  package enum Share: String, Sendable, Hashable, CaseIterable {
    /// Successes inside their deadline.
    case goodput
    /// Successes after their deadline.
    case late
    /// Everything that ended without success.
    case errors
    case refused, expired, failed, connection, unanswered, unsent
  }

  /// Requests a second.
  package enum Rate: String, Sendable, Hashable, CaseIterable {
    /// Offered.
    case rate
    /// Successes.
    case throughput
    /// Successes inside their deadline.
    case goodput
  }

  case time(Population, Statistic)
  case share(Share)
  case perSecond(Rate)
  /// CPU time of the server for each request that reached it.
  case cpu
  /// The server's resident memory at its highest.
  case residentMemory

  /// The metric as an objective spells it.
  package var name: String {
    switch self {
    case .time(let population, let statistic):
      let prefix = population == .latency ? "" : population.rawValue + "."
      switch statistic {
      case .percentile(let percent):
        let text = "\(percent)"
        return prefix + "p" + (text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
      case .mean: return prefix + "mean"
      case .max: return prefix + "max"
      }
    case .share(let share): return share.rawValue
    case .perSecond(let rate): return rate.rawValue
    case .cpu: return "cpu"
    case .residentMemory: return "rss"
    }
  }

  /// A value of the metric as people read it: `4.21 ms`, `0.12 %`, `1520/s`, `310 MiB`.
  ///
  /// - Parameter value: nanoseconds, a share from 0 to 1, requests a second, or bytes.
  package func format(_ value: Double) -> String {
    guard value.isFinite else { return "unknown" }
    switch self {
    case .time, .cpu: return DurationText.format(value)
    case .share: return DecimalText.short(value * 100) + " %"
    case .perSecond: return DecimalText.short(value) + "/s"
    case .residentMemory:
      for (name, size) in [("GiB", 0x1p30), ("MiB", 0x1p20), ("KiB", 0x1p10)] where value >= size {
        return DecimalText.short(value / size) + " " + name
      }
      return DecimalText.short(value) + " B"
    }
  }
}
