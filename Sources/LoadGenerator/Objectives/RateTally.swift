/// What the runs at one rate said.
struct RateTally: Sendable, Equatable {
  /// What they say together.
  enum Finding: Sendable, Equatable {
    case held, missed
    /// Too few requests to know, most of the time; nothing speaks against the rate.
    case unknown
  }

  let rate: Double
  private(set) var heldRuns = 0
  private(set) var missedRuns = 0
  /// Runs that were too short to know.
  private(set) var unknownRuns = 0
  /// Runs whose rate the generator could not offer.
  private(set) var boundRuns = 0

  init(rate: Double) { self.rate = rate }

  mutating func count(held: Bool, isKnown: Bool, generatorBound: Bool) {
    if generatorBound {
      boundRuns += 1
    } else if !isKnown {
      unknownRuns += 1
    } else if held {
      heldRuns += 1
    } else {
      missedRuns += 1
    }
  }

  var runs: Int { heldRuns + missedRuns + unknownRuns + boundRuns }

  /// The majority of the runs; without one, missed.
  var finding: Finding {
    if heldRuns * 2 > runs { return .held }
    return (heldRuns + unknownRuns) * 2 > runs ? .unknown : .missed
  }

  /// Whether it failed for the generator's sake rather than the server's.
  var isGeneratorBound: Bool { finding == .missed && boundRuns >= missedRuns && boundRuns > 0 }

  /// Whether no further run, up to `total` in all, can change ``finding``.
  func isDecided(of total: Int) -> Bool {
    guard runs < total else { return true }
    let wrong = missedRuns + boundRuns
    return heldRuns * 2 > total || wrong * 2 >= total || unknownRuns * 2 > total
  }
}
