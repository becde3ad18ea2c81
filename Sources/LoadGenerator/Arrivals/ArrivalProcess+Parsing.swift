extension ArrivalProcess {
  /// The largest rate that a description may name, in requests a second.
  package static let rateMax = 10_000_000.0
  private static let rateMin = 0.001
  private static let forms =
    "write constant, poisson, bursts:base=100,peak=2000,on=1s,off=4s, "
    + "ramp:from=10,to=5000,over=30s, trace:FILE[,speed=2][,loop] or "
    + "intervals:FILE[,speed=2][,loop]"

  /// Reads a description of arrivals.
  ///
  /// - `constant`, `poisson`: `rate` requests a second.
  /// - `bursts:base=100,peak=2000,on=1s,off=4s`: rates a second, and how long each lasts.
  /// - `ramp:from=10,to=5000,over=30s`.
  /// - `trace:FILE[,speed=2][,loop]`: seconds of each arrival, one a line.
  /// - `intervals:FILE[,speed=2][,loop]`: microseconds between arrivals, one a line.
  ///
  /// Reads the file of a trace; not for an event loop.
  ///
  /// - Parameter rate: requests a second, given apart; only for `constant` and `poisson`.
  /// - Throws: ``BenchInputError`` with the value and what is allowed; for a file, with its line.
  package init(parsing text: String, rate: Double?) throws(BenchInputError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let kind = parts[0].trimmed
    let rest = parts.count > 1 ? parts[1] : nil
    switch kind {
    case "constant", "poisson":
      guard rest == nil else {
        throw BenchInputError(
          "arrivals '\(text.prefix(200))': \(kind) takes nothing after it; give the rate apart")
      }
      guard let rate else {
        throw BenchInputError("arrivals '\(kind)' need a rate; give requests a second")
      }
      try Self.check(rate, "the rate", in: Self.rateMin...Self.rateMax)
      self = kind == "constant" ? .constant(rate: rate) : .poisson(rate: rate)
    case "bursts", "ramp", "trace", "intervals":
      guard rate == nil else {
        throw BenchInputError(
          "arrivals '\(text.prefix(200))' set the rate themselves; leave the other rate out")
      }
      guard let rest else {
        throw BenchInputError("arrivals '\(kind)' are incomplete; \(Self.forms)")
      }
      switch kind {
      case "bursts": self = try Self.bursts(rest)
      case "ramp": self = try Self.ramp(rest)
      default: self = try Self.trace(rest, kind == "trace" ? .instants : .intervals)
      }
    default:
      throw BenchInputError("arrivals '\(text.prefix(200))' are not known; \(Self.forms)")
    }
  }

  /// Requests a second on average: over whole periods of bursts, over the ramp itself, over the
  /// whole trace.
  package var meanRate: Double {
    switch self {
    case .constant(let rate), .poisson(let rate): return rate
    case .bursts(let base, let peak, let onSeconds, let offSeconds):
      let period = onSeconds + offSeconds
      return period > 0 ? (peak * onSeconds + base * offSeconds) / period : 0
    case .ramp(let from, let to, _): return (from + to) / 2
    case .trace(let offsets, let period, let speed):
      if let period, period > 0 { return Double(offsets.count) * 1e9 / Double(period) * speed }
      guard let last = offsets.last, last > 0 else { return 0 }
      return Double(offsets.count - 1) * 1e9 / Double(last) * speed
    }
  }

  private static func bursts(_ text: Substring) throws(BenchInputError) -> ArrivalProcess {
    let settings = try settings(text, "bursts", ["base", "peak", "on", "off"])
    let base = try number(settings, "bursts", "base", in: 0...rateMax)
    let peak = try number(settings, "bursts", "peak", in: rateMin...rateMax)
    return .bursts(
      base: base, peak: peak, onSeconds: try seconds(settings, "bursts", "on"),
      offSeconds: try seconds(settings, "bursts", "off"))
  }

  private static func ramp(_ text: Substring) throws(BenchInputError) -> ArrivalProcess {
    let settings = try settings(text, "ramp", ["from", "to", "over"])
    let from = try number(settings, "ramp", "from", in: 0...rateMax)
    let to = try number(settings, "ramp", "to", in: 0...rateMax)
    guard max(from, to) >= rateMin else {
      throw BenchInputError("arrivals 'ramp': from and to are 0; make one of them larger")
    }
    return .ramp(from: from, to: to, seconds: try seconds(settings, "ramp", "over"))
  }

  private static func trace(
    _ text: Substring, _ form: TraceText.Form
  ) throws(BenchInputError) -> ArrivalProcess {
    var parts = text.split(separator: ",", omittingEmptySubsequences: false)
    var speed = 1.0
    var loops = false
    // From the end, so that a file's name may hold commas.
    while parts.count > 1, let last = parts.last?.trimmed {
      if last == "loop" {
        loops = true
      } else if last.hasPrefix("speed=") {
        let value = last.dropFirst("speed=".count)
        guard let read = Double(value), read >= 0.001, read <= 1000 else {
          throw BenchInputError(
            "arrivals 'trace': speed is '\(value.prefix(40))'; use a number from 0.001 to 1000")
        }
        speed = read
      } else {
        break
      }
      parts.removeLast()
    }
    let path = parts.joined(separator: ",")
    guard !path.isEmpty else {
      throw BenchInputError("arrivals 'trace' name no file; \(forms)")
    }
    let read = try TraceFile.read(path, form)
    guard loops else { return .trace(offsets: read.offsets, periodNanoseconds: nil, speed: speed) }
    guard let period = read.period else {
      throw BenchInputError(
        "\(path): holds a single arrival, which cannot loop; leave out 'loop' or add arrivals")
    }
    let process = ArrivalProcess.trace(
      offsets: read.offsets, periodNanoseconds: period, speed: speed)
    guard process.meanRate <= rateMax else {
      throw BenchInputError(
        "\(path): in a loop, it is more than \(DecimalText.short(rateMax)) requests a second; "
          + "leave out 'loop', or use a lower speed")
    }
    return process
  }

  /// `key=value,key=value` with each of `keys` once.
  private static func settings(
    _ text: Substring, _ kind: String, _ keys: [String]
  ) throws(BenchInputError) -> [String: Substring] {
    var settings: [String: Substring] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(pair[0].trimmed)
      guard pair.count == 2, keys.contains(key) else {
        throw BenchInputError(
          "arrivals '\(kind)': '\(part.prefix(80))' is not one of its settings; \(forms)")
      }
      guard settings.updateValue(pair[1].trimmed, forKey: key) == nil else {
        throw BenchInputError("arrivals '\(kind)': \(key) is there twice; give it once")
      }
    }
    if let missing = keys.first(where: { settings[$0] == nil }) {
      throw BenchInputError("arrivals '\(kind)': \(missing) is missing; \(forms)")
    }
    return settings
  }

  private static func number(
    _ settings: [String: Substring], _ kind: String, _ key: String, in range: ClosedRange<Double>
  ) throws(BenchInputError) -> Double {
    let text = settings[key] ?? ""
    guard let value = Double(text) else {
      throw BenchInputError(
        "arrivals '\(kind)': \(key) is '\(text.prefix(40))'; write requests a second")
    }
    try check(value, "arrivals '\(kind)': \(key)", in: range)
    return value
  }

  private static func check(
    _ value: Double, _ place: String, in range: ClosedRange<Double>
  ) throws(BenchInputError) {
    guard range.contains(value) else {
      throw BenchInputError(
        "\(place) is \(value); use \(DecimalText.short(range.lowerBound)) to "
          + "\(DecimalText.short(range.upperBound)) requests a second")
    }
  }

  private static func seconds(
    _ settings: [String: Substring], _ kind: String, _ key: String
  ) throws(BenchInputError) -> Double {
    let text = String(settings[key] ?? "")
    let nanoseconds: Int64
    do throws(BenchInputError) {
      nanoseconds = try DurationText.parse(text)
    } catch {
      throw BenchInputError("arrivals '\(kind)': \(key): \(error)")
    }
    guard nanoseconds >= 1_000_000, nanoseconds <= 86_400_000_000_000 else {
      throw BenchInputError("arrivals '\(kind)': \(key) is '\(text)'; use 1ms to 24h")
    }
    return Double(nanoseconds) / 1e9
  }
}
