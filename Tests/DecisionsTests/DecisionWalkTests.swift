import Testing

@testable import Decisions

/// Long random walks of many decisions in simulated time, whatever their models do.
@Suite struct DecisionWalkTests {
  /// One decision of the walk and what is to happen to it.
  private struct Traveller {
    var run: DecisionRun
    var isFinished = false
    /// When its called tiers answer, and how.
    var answers: [(at: Int64, event: DecisionRun.Event)] = []
  }

  /// How a tier behaves for a while.
  private enum Mood: CaseIterable {
    case well
    case slow
    case failing
    case hanging
    case erratic
  }

  private struct Walk {
    let pipeline: PipelineDefinition
    var state: PipelineState
    var random: Seeded
    var moods: [Mood] = [.well, .well]
    var travellers: [Int: Traveller] = [:]
    var now: Int64 = 0
    var latest: Int64 = 0
    var degraded = 0
    var outcomes: Set<Int> = []
    /// Decisions that the first tier made, of the last hundred.
    var recovered = 0

    init(_ pipeline: PipelineDefinition, seed: UInt64) {
      self.pipeline = pipeline
      state = PipelineState(pipeline)
      random = Seeded(seed)
    }

    mutating func advance(_ id: Int, _ first: DecisionRun.Event) {
      guard var traveller = travellers[id] else { return }
      let wasFinished = traveller.isFinished
      var event = first
      while true {
        switch traveller.run.handle(event, now: now, pipeline, &state) {
        case .readFeatures: event = .featuresRead(.random(using: &random))
        case .runGate: event = .gated(.random(in: 0..<10, using: &random) == 0 ? 0 : nil)
        case .checkCondition: event = .conditioned(.random(using: &random))
        case .evaluate(let tier):
          if pipeline.tiers[tier].givesScore {
            event = .computed(.random(using: &random) ? .random(in: 0...1, using: &random) : nil)
          } else {
            event = .ruled(.random(using: &random) ? 0 : nil)
          }
        case .runRung: event = .rungMatched(.random(using: &random) ? 0 : nil)
        case .runOverrides: event = .overridden(.random(in: 0..<9, using: &random) == 0 ? 0 : nil)
        case .call(let tier, _):
          traveller.answers.append(answer(of: tier))
          travellers[id] = traveller
          return
        case .wait:
          travellers[id] = traveller
          return
        case .finish:
          #expect(!wasFinished, "it finished twice")
          traveller.isFinished = true
          latest = max(latest, now - traveller.run.started)
          #expect(now <= traveller.run.deadline, "it was late")
          #expect(traveller.run.verdict != nil)
          if let verdict = traveller.run.verdict { outcomes.insert(verdict.outcome) }
          if !traveller.run.degradations.isEmpty { degraded += 1 }
          if id >= 1_100, traveller.run.verdict?.by == .tier(0) { recovered += 1 }
          travellers[id] = traveller
          return
        }
      }
    }

    private mutating func answer(of tier: Int) -> (at: Int64, event: DecisionRun.Event) {
      var mood = moods[tier]
      if mood == .erratic { mood = Mood.allCases.randomElement(using: &random) ?? .well }
      let score = Double.random(in: 0...1, using: &random)
      switch mood {
      case .well, .erratic:
        return (now + .random(in: 10_000...900_000, using: &random), .scored(tier: tier, score))
      case .slow:
        return (
          now + .random(in: 2_000_000...40_000_000, using: &random), .scored(tier: tier, score))
      case .failing:
        return (now + .random(in: 0...100_000, using: &random), .failed(tier: tier, .failed))
      case .hanging: return (now + 200_000_000, .scored(tier: tier, score))
      }
    }

    /// What comes next: an answer, a timer, or an arrival at `arrival`.
    mutating func step(arrival: Int64, id: Int) {
      while true {
        var next: (at: Int64, id: Int, answer: Int?) = (arrival, id, nil)
        for (other, traveller) in travellers {
          if traveller.run.timer < next.at { next = (traveller.run.timer, other, nil) }
          for (index, answer) in traveller.answers.enumerated() where answer.at < next.at {
            next = (answer.at, other, index)
          }
        }
        now = max(now, next.at)
        if next.at == arrival, next.id == id, next.answer == nil { break }
        if let index = next.answer, let answer = travellers[next.id]?.answers.remove(at: index) {
          advance(next.id, answer.event)
        } else {
          advance(next.id, .clock)
        }
        travellers = travellers.filter { !($0.value.isFinished && $0.value.answers.isEmpty) }
      }
      travellers[id] = Traveller(run: DecisionRun(pipeline, started: now, deadline: .max))
      advance(id, .begin)
    }
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `a decision always comes out before its deadline, whatever the models do`(
    _ seed: UInt64
  ) throws {
    let breaker = "breaker: {calls: 5, open: 50ms, open_max: 100ms, probes: 2}\n    timeout:"
    var changes = [("timeout:", breaker)]
    if seed % 2 == 0 {
      changes.append(("model: deep\n", "model: deep\n    when: amount > 5.0\n"))
    }
    var walk = Walk(try SamplePipeline.make(changes), seed: seed)
    var arrival: Int64 = 0
    var random = Seeded(seed &* 77)
    for id in 0..<1_200 {
      // At the end all is well again, and must be noticed.
      if id == 900 {
        walk.moods = [.well, .well]
      } else if id < 900, id % 150 == 0 {
        walk.moods = walk.moods.map { _ in Mood.allCases.randomElement(using: &random) ?? .well }
      }
      arrival += Int64.random(in: 1...1_500_000, using: &random)
      walk.step(arrival: arrival, id: id)
    }
    walk.step(arrival: arrival + 60_000_000_000, id: 1_200)
    let unfinished = walk.travellers.filter { $0.key < 1_200 && !$0.value.isFinished }
    #expect(unfinished.isEmpty, "seed \(seed)")
    #expect(walk.latest <= 19_000_000, "seed \(seed): \(walk.latest)")
    #expect(walk.degraded > 0 && walk.outcomes.count == 3, "seed \(seed)")
    #expect(walk.recovered > 10, "seed \(seed)")
  }
}
