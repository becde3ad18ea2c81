import Testing
import Timing

@testable import LoadGenerator

@Suite struct CapacitySearchTests {
  /// Runs a search to its end; returns the steps with what was reported.
  private func run(
    _ search: inout CapacitySearch, _ server: (CapacitySearch.Step) -> (Bool, Bool)
  ) -> [(step: CapacitySearch.Step, held: Bool)] {
    var steps: [(CapacitySearch.Step, Bool)] = []
    while let step = search.next() {
      #expect(search.next() == step)
      let (held, bound) = server(step)
      steps.append((step, held))
      search.report(held: held, generatorBound: bound)
      guard steps.count < 500 else {
        Issue.record("the search does not end")
        break
      }
    }
    #expect(search.next() == nil)
    return steps
  }

  @Test func `a quiet server's capacity is found within the precision`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = RandomSource(seed: seed)
    for _ in 0..<200 {
      let capacity = 20 * (1 + 5_000 * random.unit() * random.unit())
      let precision = [0.01, 0.05, 0.2][random.below(3)]
      var search = CapacitySearch(
        objectives: [], from: 10, to: 1e6, precision: precision, confirmations: 3)
      let steps = run(&search) { ($0.rate <= capacity, false) }
      let outcome = try #require(search.outcome)
      let best = try #require(outcome.bestRate)
      #expect(best <= capacity && capacity <= best * (1 + precision) + 1e-9, "\(capacity)")
      #expect(!outcome.isExhausted)
      guard case .found(let missedAt) = outcome.ending else {
        Issue.record("\(outcome)")
        continue
      }
      #expect(missedAt > capacity && outcome.reason.hasPrefix("held at "))
      #expect(steps.count { $0.step.purpose != .curve } <= 35)
      for rate in [best, missedAt] {
        #expect(steps.count { $0.step.rate == rate && $0.step.purpose != .curve } >= 2)
      }
    }
  }

  @Test func `a noisy server's capacity is found near the truth, in bounded steps`() throws {
    let seed: UInt64 = 20_240_611
    var random = RandomSource(seed: seed)
    var far = 0
    for _ in 0..<300 {
      let capacity = 50 + 5_000 * random.unit()
      var search = CapacitySearch(
        objectives: [], from: 20, to: 1e5, precision: 0.05, confirmations: 3, curvePoints: 0)
      // The chance to hold falls from 1 to 0 within 10 % of the capacity; 2 % of runs go wrong.
      let steps = run(&search) { step in
        let chance = min(0.98, max(0.02, 0.5 + (capacity - step.rate) / capacity * 5))
        return (random.unit() <= chance, false)
      }
      #expect(steps.count <= CapacitySearch.stepsMax)
      let best = search.outcome?.bestRate ?? 0
      if abs(best / capacity - 1) > 0.2 { far += 1 }
    }
    print("far off: \(far) of 300")
    #expect(far <= 15)
  }

  @Test func `the middle of noise ends all the same`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = RandomSource(seed: seed)
    for confirmations in 1...6 {
      for _ in 0..<50 {
        var search = CapacitySearch(
          objectives: [], from: 1, to: 1e6, precision: 0.02, confirmations: confirmations,
          curvePoints: 5)
        let steps = run(&search) { _ in (random.below(2) == 0, random.below(8) == 0) }
        #expect(steps.count { $0.step.purpose != .curve } <= CapacitySearch.stepsMax)
        #expect(search.outcome != nil)
      }
    }
  }

  @Test func `runs that do not suffice are said`() throws {
    var search = CapacitySearch(
      objectives: [], from: 0.001, to: 1e12, precision: 0.001, confirmations: 15, curvePoints: 0)
    let steps = run(&search) { ($0.rate <= 9e11, false) }
    #expect(steps.count == CapacitySearch.stepsMax)
    let outcome = try #require(search.outcome)
    #expect(outcome.isExhausted && outcome.reason.contains("; stopped after 60 runs"))
  }

  @Test func `it doubles, halves the gap and confirms both ends`() {
    var search = CapacitySearch(
      objectives: [], from: 100, to: 10_000, precision: 0.5, confirmations: 3, curvePoints: 0)
    let steps = run(&search) { ($0.rate <= 500, false) }
    #expect(
      steps.map(\.step.purpose) == [
        .bracket, .bracket, .bracket, .bracket, .bisect, .confirm, .confirm,
      ])
    #expect(steps.map(\.step.rate) == [100, 200, 400, 800, 566, 400, 566])
    #expect(steps.map(\.step.repetition) == [0, 0, 0, 0, 0, 1, 1])
  }

  @Test func `a miss by chance while doubling is made good`() {
    var search = CapacitySearch(
      objectives: [], from: 100, to: 100_000, precision: 0.1, confirmations: 3, curvePoints: 0)
    var isFirst = true
    _ = run(&search) { step in
      if step.rate == 200, isFirst {
        isFirst = false
        return (false, false)
      }
      return (step.rate <= 5_000, false)
    }
    let best = search.outcome?.bestRate ?? 0
    #expect(best <= 5_000 && best >= 4_500)
  }

  @Test func `a rate that held by chance is given up`() {
    var search = CapacitySearch(
      objectives: [], from: 100, to: 100_000, precision: 0.1, confirmations: 3, curvePoints: 0)
    _ = run(&search) { step in
      (step.rate <= 300 || step.rate == 400 && step.repetition == 0, false)
    }
    let best = search.outcome?.bestRate ?? 0
    #expect(best <= 300 && best >= 270)
  }

  @Test func `a server that misses at the lowest rate has no capacity`() {
    var search = CapacitySearch(objectives: [], from: 10, to: 100)
    let steps = run(&search) { _ in (false, false) }
    #expect(steps.map(\.step.rate) == [10, 10])
    #expect(search.outcome?.ending == .missedAtLowest)
    #expect(search.outcome?.bestRate == nil)
    #expect(search.outcome?.reason.contains("could not find a rate that holds") == true)
  }

  @Test func `a server that never misses holds the highest rate`() {
    var search = CapacitySearch(objectives: [], from: 10, to: 100, curvePoints: 12)
    let steps = run(&search) { _ in (true, false) }
    #expect(steps.prefix(6).map(\.step.rate) == [10, 20, 40, 80, 100, 100])
    #expect(search.outcome?.ending == .neverMissed)
    #expect(search.outcome?.bestRate == 100)
    #expect(search.outcome?.reason.contains("never missed up to 100/s") == true)
    #expect(steps.allSatisfy { $0.step.rate <= 100 })
  }

  @Test func `a generator at its limit ends the search there`() throws {
    var search = CapacitySearch(objectives: [], from: 10, to: 1e6, precision: 0.05)
    let steps = run(&search) { step in (true, step.rate > 1_000) }
    let outcome = try #require(search.outcome)
    guard case .generatorLimited(let limit) = outcome.ending else {
      Issue.record("\(outcome)")
      return
    }
    let best = try #require(outcome.bestRate)
    #expect(best <= 1_000 && limit > 1_000 && limit <= best * 1.05 + 1e-9)
    #expect(outcome.reason.contains("the generator itself became the limit"))
    #expect(steps.filter { $0.step.purpose == .curve }.allSatisfy { $0.step.rate < limit })
    var hopeless = CapacitySearch(objectives: [], from: 10, to: 1e6)
    _ = run(&hopeless) { _ in (true, true) }
    #expect(hopeless.outcome?.ending == .generatorLimited(at: 10))
    #expect(hopeless.outcome?.bestRate == nil)
  }

  @Test func `the curve covers a tenth to six fifths of the rate found, once`() throws {
    var search = CapacitySearch(objectives: [], from: 100, to: 1e5, curvePoints: 12)
    let steps = run(&search) { ($0.rate <= 3_000, false) }
    let best = try #require(search.outcome?.bestRate)
    let curve = steps.filter { $0.step.purpose == .curve }.map(\.step.rate)
    #expect(curve == curve.sorted() && Set(curve).count == curve.count)
    #expect(curve.allSatisfy { $0 >= best * 0.0999 && $0 <= best * 1.201 })
    let all = steps.map(\.step.rate)
    for index in 0..<12 {
      let rate = best * (0.1 + 0.1 * Double(index))
      #expect(all.contains { abs($0 - rate) <= best * 0.05 }, "\(rate)")
    }
    // Misses on the curve change nothing.
    #expect(search.bounds.held?.rate == best)
  }

  @Test func `the outcome is known when the search ends, before the curve`() {
    var search = CapacitySearch(objectives: [], from: 1, to: 2, confirmations: 1, curvePoints: 3)
    #expect(search.outcome == nil)
    search.report(held: true)
    while let step = search.next(), step.purpose != .curve {
      #expect(search.outcome == nil)
      search.report(held: true)
    }
    #expect(search.outcome?.ending == .neverMissed)
  }

  @Test func `verdicts count as held, missed or not known`() throws {
    let objectives = try Objective.parse("p50<5ms,errors<1%")
    var recording = LoadRecording()
    recording.counts.offered = 100
    for (errors, latencies, ending) in [
      (0, 100, CapacitySearch.Outcome.Ending.neverMissed), (50, 1, .missedAtLowest),
      (0, 1, .notMeasured(at: 10)),
    ] {
      recording.counts[.failed] = UInt64(errors)
      recording.latency = .init(precision: .twoThousandth)
      recording.latency.record(1_000, times: UInt64(latencies))
      let figures = ObjectiveFigures(recording: recording)
      var search = CapacitySearch(objectives: objectives, from: 10, to: 10, confirmations: 1)
      while search.next() != nil { search.report(objectives.map { $0.judge(figures) }) }
      #expect(search.outcome?.ending == ending)
      #expect(search.outcome?.bestRate == (ending == .neverMissed ? 10 : nil))
    }
  }

  @Test func `runs too short to know do not stop the climb, and confirm nothing`() throws {
    func search(knownFrom: Double, capacity: Double) -> CapacitySearch.Outcome? {
      var search = CapacitySearch(objectives: [], from: 10, to: 1e5, curvePoints: 0)
      while let step = search.next() {
        search.report(
          held: step.rate <= capacity, isKnown: step.rate > capacity || step.rate >= knownFrom)
      }
      return search.outcome
    }
    let found = try #require(search(knownFrom: 1_000, capacity: 5_000))
    let best = try #require(found.bestRate)
    #expect(best <= 5_000 && best >= 4_700)
    let unknown = try #require(search(knownFrom: 9_000, capacity: 5_000))
    #expect(unknown.bestRate == nil && unknown.reason.hasPrefix("too few requests to know at "))
    guard case .notMeasured(let rate) = unknown.ending else {
      Issue.record("\(unknown)")
      return
    }
    #expect(rate <= 5_000 && rate >= 4_700)
  }

  @Test func `senseless settings are brought into range`() {
    for (from, to) in [(0.0, -5), (.nan, .nan), (-1, .infinity), (100, 10)] as [(Double, Double)] {
      var search = CapacitySearch(
        objectives: [], from: from, to: to, precision: .nan, confirmations: -1, curvePoints: -5)
      _ = run(&search) { ($0.rate < 50, false) }
      #expect(search.outcome != nil)
    }
  }
}
