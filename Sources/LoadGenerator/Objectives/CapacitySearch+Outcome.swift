extension CapacitySearch {
  /// What a search has found.
  package struct Outcome: Sendable, Equatable {
    /// How it ended.
    package enum Ending: Sendable, Equatable {
      /// The gap to the rate that missed, in requests a second, is within the precision.
      case found(missedAt: Double)
      /// Not even the lowest rate held.
      case missedAtLowest
      /// At that rate and around it, in requests a second, too little was measured to know.
      case notMeasured(at: Double)
      /// The highest rate held.
      case neverMissed
      /// The generator could not offer that rate, in requests a second; nothing is known beyond.
      case generatorLimited(at: Double)
    }

    package var ending: Ending
    /// The largest rate that held, in requests a second; `nil` if none did.
    package var bestRate: Double?
    /// Whether the runs ran out before everything was confirmed.
    package var isExhausted: Bool
    /// One sentence for the report.
    package var reason: String

    init(_ search: CapacitySearch, isExhausted: Bool) {
      let (held, missed) = search.bounds
      bestRate = search.best
      self.isExhausted = isExhausted
      let rate = { (value: Double) in DecimalText.short(value) + "/s" }
      switch (held, missed) {
      case (_, .some(let missed)) where missed.isGeneratorBound:
        ending = .generatorLimited(at: missed.rate)
        reason = "the generator itself became the limit at \(rate(missed.rate)); what the server "
          + "does there is not known: give the generator more threads or another machine"
      case (.some(let held), _) where held.finding == .unknown:
        ending = .notMeasured(at: held.rate)
        reason = "too few requests to know at \(rate(held.rate)); run each step longer, or ask for "
          + "a lower percentile"
      case (.some(let held), .some(let missed)):
        ending = .found(missedAt: missed.rate)
        let gap = DecimalText.short((missed.rate / held.rate - 1) * 100)
        reason = "held at \(rate(held.rate)), missed \(gap) % above it, at \(rate(missed.rate))"
      case (.none, .some(let missed)):
        ending = .missedAtLowest
        reason = "could not find a rate that holds: misses already at the lowest, "
          + "\(rate(missed.rate)); begin lower, or loosen the objectives"
      default:
        ending = .neverMissed
        reason = "never missed up to \(rate(search.to)), the highest rate asked for"
      }
      if isExhausted {
        reason += "; stopped after \(CapacitySearch.stepsMax) runs, before all was confirmed"
      }
    }
  }
}
