/// Searches the largest rate at which a server keeps its objectives; decides what to run next and
/// runs nothing itself.
///
/// It doubles the rate until the objectives are missed, halves the gap between the largest rate
/// that held and the smallest that missed until it is below the precision, and runs both of these
/// again until a majority of the runs at each agrees. After that, it hands out rates along the
/// latency curve.
///
/// Runs are noisy, so no single one is final: a rate counts by the majority of its runs, a tie as
/// missed. A rate that held and then fails its confirmation is given up for a lower one; one that
/// missed and then holds lifts the search again. A run too short to know, as happens at low rates,
/// does not stop the climb, where more is measured in the same time; but it confirms nothing.
package struct CapacitySearch: Sendable {
  /// One run to make.
  package struct Step: Sendable, Equatable {
    /// Why it is made.
    package enum Purpose: String, Sendable, Equatable {
      case bracket, bisect, confirm, curve
    }

    /// Requests a second.
    package var rate: Double
    package var purpose: Purpose
    /// Runs made at this rate before.
    package var repetition: Int
  }

  /// Runs at most before the curve; ``Outcome/isExhausted`` tells that they did not suffice.
  package static let stepsMax = 60

  package let objectives: [Objective]
  let from: Double
  let to: Double
  let precision: Double
  let confirmations: Int
  private let curvePoints: Int

  /// What was seen at each rate, ascending.
  var tried: [RateTally] = []
  private var steps = 0
  private var pending: Step?
  private var curve: [Double]?

  /// - Parameters:
  ///   - objectives: what must hold; see ``Objective/boundingErrors(_:)``.
  ///   - from: the first rate and the lowest one searched, in requests a second, above 0.
  ///   - to: the highest rate searched; at least `from`.
  ///   - precision: the gap between the rate found and one that missed, as a part of the former.
  ///   - confirmations: runs at each of these two rates; an odd number makes a clear majority.
  ///   - curvePoints: rates from 0.1 to 1.2 of the one found that make the curve, those included
  ///     that were tried already; 0 leaves the curve out.
  package init(
    objectives: [Objective], from: Double, to: Double, precision: Double = 0.05,
    confirmations: Int = 3, curvePoints: Int = 12
  ) {
    self.objectives = objectives
    self.from = from.isFinite ? max(1e-3, from) : 1
    self.to = max(self.from, to.isFinite ? to : ArrivalProcess.rateMax)
    self.precision = precision.isFinite ? min(1, max(0.001, precision)) : 0.05
    self.confirmations = min(15, max(1, confirmations))
    self.curvePoints = min(100, max(0, curvePoints))
  }

  /// What to run next; the same step until it is reported. `nil` when all is done.
  package mutating func next() -> Step? {
    if let pending { return pending }
    pending = searchStep() ?? curveStep()
    return pending
  }

  /// Reports the run of the step that ``next()`` gave; ignored if there is none.
  ///
  /// - Parameters:
  ///   - verdicts: of ``objectives``.
  ///   - generatorBound: whether the generator could not offer the rate, so that the run says
  ///     nothing of the server.
  package mutating func report(_ verdicts: [ObjectiveVerdict], generatorBound: Bool = false) {
    let isMissed = verdicts.contains { $0.state == .missed }
    report(
      held: verdicts.allHeld, isKnown: verdicts.allHeld || isMissed,
      generatorBound: generatorBound)
  }

  /// Reports a run that was judged elsewhere.
  ///
  /// - Parameter isKnown: `false` if none of the objectives was missed and one could not be known.
  package mutating func report(held: Bool, isKnown: Bool = true, generatorBound: Bool = false) {
    guard let step = pending else { return }
    pending = nil
    // Points of the curve beside the search do not change what it found.
    guard step.purpose != .curve else { return }
    steps += 1
    let index = tried.firstIndex { $0.rate >= step.rate } ?? tried.count
    if index == tried.count || tried[index].rate != step.rate {
      tried.insert(RateTally(rate: step.rate), at: index)
    }
    tried[index].count(held: held, isKnown: isKnown, generatorBound: generatorBound)
  }

  /// What the search has found; `nil` while it goes on. The curve may still be under way.
  package var outcome: Outcome? {
    guard pending == nil || pending?.purpose == .curve, searchStep() == nil else { return nil }
    return Outcome(self, isExhausted: steps >= Self.stepsMax && nextRate() != nil)
  }

  /// The largest rate below all that were missed, and the lowest of these. The former may be one
  /// that is not known.
  var bounds: (held: RateTally?, missed: RateTally?) {
    let missed = tried.first { $0.finding == .missed }
    return (tried.last { $0.rate < missed?.rate ?? .infinity }, missed)
  }

  /// The largest rate that is known to hold; what held above it is contradicted by a miss.
  var best: Double? {
    let limit = bounds.missed?.rate ?? .infinity
    return tried.last { $0.finding == .held && $0.rate < limit }?.rate
  }

  private func searchStep() -> Step? {
    guard steps < Self.stepsMax, let (rate, purpose) = nextRate() else { return nil }
    let repetition = tried.first { $0.rate == rate }?.runs ?? 0
    return Step(rate: rate, purpose: purpose, repetition: repetition)
  }

  private func nextRate() -> (Double, Step.Purpose)? {
    guard !tried.isEmpty else { return (from, .bracket) }
    let (held, missed) = bounds
    guard let missed else {
      guard let held, held.rate >= to else {
        return (min(to, (held?.rate ?? from / 2) * 2), .bracket)
      }
      return held.isDecided(of: confirmations) ? nil : (held.rate, .confirm)
    }
    guard let held else {
      return missed.isDecided(of: confirmations) ? nil : (missed.rate, .confirm)
    }
    if missed.rate / held.rate > 1 + precision { return (between(held, missed), .bisect) }
    for tally in [held, missed] where !tally.isDecided(of: confirmations) {
      return (tally.rate, .confirm)
    }
    return nil
  }

  /// The middle, by ratio; rounded to three digits where that does not leave the gap.
  private func between(_ held: RateTally, _ missed: RateTally) -> Double {
    let middle = (held.rate * missed.rate).squareRoot()
    var scale = 1.0
    while middle / scale >= 1000 { scale *= 10 }
    while middle / scale < 100 { scale /= 10 }
    let rounded = (middle / scale).rounded() * scale
    let margin = (missed.rate - held.rate) / 4
    return abs(rounded - middle) <= margin ? rounded : middle
  }

  /// Hands out the curve's rates, once the search is over.
  private mutating func curveStep() -> Step? {
    if curve == nil { curve = curveRates() }
    guard let rate = curve?.first else { return nil }
    curve?.removeFirst()
    return Step(rate: rate, purpose: .curve, repetition: 0)
  }

  private func curveRates() -> [Double] {
    guard let best, curvePoints > 0 else { return [] }
    let limit = tried.first { $0.isGeneratorBound }?.rate ?? .infinity
    let width = curvePoints > 1 ? 1.1 / Double(curvePoints - 1) : 1.1
    return (0..<curvePoints).compactMap { index in
      let rate = best * (0.1 + width * Double(index))
      // Half a gap beside a rate that was tried, a point would show nothing new.
      let isNew = !tried.contains { abs($0.rate - rate) < best * width / 2 }
      return isNew && rate <= to && rate < limit ? rate : nil
    }
  }
}
