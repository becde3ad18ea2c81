/// Reads one clause of ``Objective/parse(_:)``.
struct ObjectiveParser {
  private let whole: String
  private let clause: Substring

  init(whole: String, clause: Substring) {
    self.whole = whole
    self.clause = clause
  }

  mutating func parse() throws(BenchInputError) -> Objective {
    let text = clause.trimmed
    guard !text.isEmpty else {
      throw wrong(clause.startIndex, "a clause is empty; write one such as p99<5ms")
    }
    guard let sign = text.firstIndex(where: { "<>=≤≥".contains($0) }) else {
      throw wrong(text.endIndex, "there is no bound; write < <= > or >= and a value")
    }
    let metricText = text[..<sign].trimmed
    guard !metricText.isEmpty else {
      throw wrong(text.startIndex, "there is no metric before '\(text[sign])'; \(Self.metrics)")
    }
    let (comparison, rest) = try comparison(text[sign...])
    let valueText = rest.trimmed
    guard !valueText.isEmpty else {
      throw wrong(rest.endIndex, "there is no value; write a number and its unit")
    }
    let (metric, bound) = try metricAndBound(metricText, valueText)
    return Objective(text: String(text), metric: metric, comparison: comparison, bound: bound)
  }

  private static let metrics =
    "the metrics are pNN (p99, p99.9), mean and max, also after service., refusal., lag. or "
    + "wait.; errors, refused, expired, failed, connection, unanswered, unsent, late; goodput, "
    + "throughput, rate; cpu, rss"

  private func comparison(
    _ text: Substring
  ) throws(BenchInputError) -> (Objective.Comparison, Substring) {
    for comparison in [Objective.Comparison.atMost, .atLeast, .below, .above]
    where text.hasPrefix(comparison.rawValue) {
      let rest = text.dropFirst(comparison.rawValue.count)
      if let next = rest.first, "<>=".contains(next) { break }
      return (comparison, rest)
    }
    throw wrong(
      text.startIndex, "'\(text.prefix { "<>=≤≥".contains($0) })' is no comparison; use < <= > >=")
  }

  private func metricAndBound(
    _ name: Substring, _ value: Substring
  ) throws(BenchInputError) -> (ObjectiveMetric, Double) {
    // `goodput` is a share or a rate, as its unit says.
    if name == "goodput", value.hasSuffix("/s") {
      return (.perSecond(.goodput), try perSecond(value))
    }
    let metric = try metric(name)
    switch metric {
    case .time, .cpu: return (metric, try duration(value))
    case .share(let share): return (metric, try percent(value, isGoodput: share == .goodput))
    case .perSecond: return (metric, try perSecond(value))
    case .residentMemory: return (metric, try bytes(value))
    }
  }

  private func metric(_ name: Substring) throws(BenchInputError) -> ObjectiveMetric {
    let text = String(name)
    if let share = ObjectiveMetric.Share(rawValue: text) { return .share(share) }
    if let rate = ObjectiveMetric.Rate(rawValue: text) { return .perSecond(rate) }
    if text == "cpu" { return .cpu }
    if text == "rss" { return .residentMemory }
    var population = ObjectiveMetric.Population.latency
    var rest = name
    if let dot = name.firstIndex(of: "."),
      let named = ObjectiveMetric.Population(rawValue: String(name[..<dot])), named != .latency
    {
      population = named
      rest = name[name.index(after: dot)...]
    }
    if rest == "mean" { return .time(population, .mean) }
    if rest == "max" { return .time(population, .max) }
    guard rest.first == "p",
      let scaled = DecimalText.scaled(rest.dropFirst().utf8, decimals: 6)
    else {
      throw wrong(name.startIndex, "'\(name.prefix(40))' is no metric; \(Self.metrics)")
    }
    guard scaled > 0, scaled < 100_000_000 else {
      throw wrong(
        rest.startIndex, "'\(rest.prefix(40))' is no percentile; use p0.1 to p99.9999, or max")
    }
    return .time(population, .percentile(Double(scaled) / 1e6))
  }

  private func duration(_ text: Substring) throws(BenchInputError) -> Double {
    // A bare 0 bounds nothing that was measured, and is likelier a slip.
    guard text.last?.isNumber == false else {
      throw wrong(text.endIndex, "the time '\(text.prefix(40))' has no unit; write us, ms or s")
    }
    do throws(BenchInputError) {
      return Double(try DurationText.parse(String(text)))
    } catch {
      throw wrong(
        text.startIndex, "'\(text.prefix(40))' is no time; write a number and ns, us, ms or s")
    }
  }

  private func percent(_ text: Substring, isGoodput: Bool) throws(BenchInputError) -> Double {
    guard text.last == "%" else {
      throw wrong(
        text.endIndex,
        isGoodput
          ? "goodput needs a unit; write 99% of the offered requests, or 1000/s"
          : "the share '\(text.prefix(40))' has no unit; write it with %, for example 0.1%")
    }
    let number = try number(text.dropLast().trimmed, at: text, decimals: 9)
    guard number <= 100 else {
      throw wrong(text.startIndex, "'\(text.prefix(40))' is above 100%; use 0% to 100%")
    }
    return number / 100
  }

  private func perSecond(_ text: Substring) throws(BenchInputError) -> Double {
    guard text.hasSuffix("/s") else {
      throw wrong(
        text.endIndex, "the rate '\(text.prefix(40))' has no unit; write it with /s: 1000/s")
    }
    return try number(text.dropLast(2).trimmed, at: text, decimals: 6)
  }

  private func bytes(_ text: Substring) throws(BenchInputError) -> Double {
    let units: [(String, Double)] = [
      ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9),
      ("B", 1),
    ]
    for (name, size) in units where text.hasSuffix(name) {
      return try number(text.dropLast(name.count).trimmed, at: text, decimals: 6) * size
    }
    throw wrong(
      text.endIndex, "the memory '\(text.prefix(40))' has no unit; write B, KB, MB, GB or MiB, GiB")
  }

  private func number(
    _ digits: Substring, at text: Substring, decimals: Int
  ) throws(BenchInputError) -> Double {
    guard DecimalText.scaled(digits.utf8, decimals: decimals) != nil, let value = Double(digits)
    else {
      throw wrong(
        text.startIndex, "'\(text.prefix(40))' does not begin with a number such as 5 or 0.1")
    }
    return value
  }

  /// Columns count from 1.
  private func wrong(_ place: Substring.Index, _ reason: String) -> BenchInputError {
    let column = whole.distance(from: whole.startIndex, to: place) + 1
    return BenchInputError("objective '\(whole.prefix(200))', column \(column): \(reason)")
  }
}
