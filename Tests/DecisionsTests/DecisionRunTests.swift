import Testing

@testable import Decisions

/// Drives one run with the sample's pipeline.
struct RunDriver {
  let pipeline: PipelineDefinition
  var state: PipelineState
  var run: DecisionRun
  var now: Int64 = 0

  init(_ changes: [(String, String)] = []) throws {
    pipeline = try SamplePipeline.make(changes)
    state = PipelineState(pipeline)
    run = DecisionRun(pipeline, started: 0, deadline: .max)
  }

  mutating func handle(_ event: DecisionRun.Event, at instant: Int64? = nil) -> DecisionRun.Action {
    now = instant ?? now
    return run.handle(event, now: now, pipeline, &state)
  }

  mutating func expect(
    _ event: DecisionRun.Event, at instant: Int64? = nil, gives expected: DecisionRun.Action,
    place: SourceLocation = #_sourceLocation
  ) {
    let action = handle(event, at: instant)
    #expect(action == expected, sourceLocation: place)
  }

  /// Up to the first tier's call.
  mutating func callFirst() {
    expect(.begin, gives: .runGate)
    expect(.gated(nil), gives: .call(tier: 0, until: 4_000_000))
  }

  var outcome: String { run.verdict.map { pipeline.outcomes[$0.outcome] } ?? "" }
}

@Suite struct DecisionRunTests {
  @Test func `a gate rule decides and nothing else is asked`() throws {
    var driver = try RunDriver()
    driver.expect(.begin, gives: .runGate)
    driver.expect(.gated(0), gives: .finish)
    #expect(driver.outcome == "approve" && driver.run.verdict?.by == .gate)
    #expect(driver.run.reasons == [.gate(0)] && driver.run.path.isEmpty)
  }

  @Test(arguments: [
    (0.0, "approve"), (0.19999, "approve"), (0.8, "decline"), (1.0, "decline"),
  ])
  func `a clear score decides at the first tier`(_ score: Double, _ expected: String) throws {
    var driver = try RunDriver()
    driver.callFirst()
    driver.expect(.scored(tier: 0, score), at: 1_000, gives: .runOverrides)
    driver.expect(.overridden(nil), gives: .finish)
    #expect(driver.outcome == expected && driver.run.verdict?.by == .tier(0))
    #expect(driver.run.degradations.isEmpty && driver.state.tiers[0].inFlight == 0)
  }

  @Test(arguments: [(0.39, "approve"), (0.4, "review"), (0.59, "review"), (0.6, "decline")])
  func `a score between goes on and the last tier decides`(
    _ score: Double, _ expected: String
  ) throws {
    var driver = try RunDriver()
    driver.callFirst()
    driver.expect(.scored(tier: 0, 0.2), at: 1_000_000, gives: .call(tier: 1, until: 11_000_000))
    driver.expect(.scored(tier: 1, score), gives: .runOverrides)
    driver.expect(.overridden(nil), gives: .finish)
    #expect(driver.outcome == expected && driver.run.score == score)
    #expect(driver.run.path.map(\.result).first == .escalated)
    #expect(driver.state.escalations[0].share == 1)
  }

  @Test func `a rule after the score overrides it and says why`() throws {
    var driver = try RunDriver()
    driver.callFirst()
    _ = driver.handle(.scored(tier: 0, 0.1))
    driver.expect(.overridden(0), gives: .finish)
    #expect(driver.outcome == "review" && driver.run.verdict?.by == .override)
    #expect(driver.run.reasons == [.override(0)])
  }

  @Test(arguments: [(0.2, "review"), (0.69, "review"), (0.7, "decline")])
  func `when the heavy tier is late the middle one's score counts under stricter thresholds`(
    _ score: Double, _ expected: String
  ) throws {
    var driver = try RunDriver()
    driver.callFirst()
    driver.expect(.scored(tier: 0, score), gives: .call(tier: 1, until: 10_000_000))
    driver.expect(.clock, at: 9_999_999, gives: .wait)
    var action = driver.handle(.clock, at: 10_000_000)
    if action == .runRung(1) { action = driver.handle(.rungMatched(nil)) }
    #expect(action == .runOverrides)
    driver.expect(.overridden(nil), gives: .finish)
    #expect(driver.outcome == expected)
    #expect(driver.run.degradations == [.tier(1, .timeout)])
    // The late answer only frees its place.
    #expect(driver.state.tiers[1].inFlight == 1 && driver.run.hasOutstanding)
    driver.expect(.scored(tier: 1, 0.9), at: 90_000_000, gives: .wait)
    #expect(driver.state.tiers[1].inFlight == 0 && !driver.run.hasOutstanding)
    #expect(driver.outcome == expected)
  }

  @Test(arguments: TierFailure.allCases)
  func `whatever the first tier fails with, the ladder decides`(_ failure: TierFailure) throws {
    var driver = try RunDriver()
    driver.callFirst()
    driver.expect(.failed(tier: 0, failure), gives: .runRung(1))
    driver.expect(.rungMatched(0), gives: .runOverrides)
    driver.expect(.overridden(nil), gives: .finish)
    #expect(driver.outcome == "approve" && driver.run.reasons == [.rungRule(rung: 1, rule: 0)])
    #expect(driver.run.degradations == [.tier(0, failure)])
  }

  @Test func `a score that is no probability is a failure of its tier`() throws {
    var driver = try RunDriver()
    driver.callFirst()
    driver.expect(.scored(tier: 0, nil), gives: .runRung(1))
    driver.expect(.rungMatched(nil), gives: .runOverrides)
    driver.expect(.overridden(nil), gives: .finish)
    #expect(driver.outcome == "review" && driver.run.reasons == [.rungConstant(2)])
  }

  @Test func `a full tier is not called`() throws {
    var driver = try RunDriver()
    driver.state.tiers[0].inFlight = 4
    _ = driver.handle(.begin)
    driver.expect(.gated(nil), gives: .runRung(1))
    #expect(driver.run.degradations == [.tier(0, .full)])
  }

  @Test func `a tier whose breaker is open is not called`() throws {
    var driver = try RunDriver()
    for _ in 0..<50 {
      guard let permit = driver.state.tiers[1].breaker.permit(now: 0) else { break }
      driver.state.tiers[1].breaker.record(permit, failed: true, nanoseconds: 1, now: 0)
    }
    driver.callFirst()
    driver.expect(.scored(tier: 0, 0.3), gives: .runRung(1))
    #expect(driver.run.degradations == [.tier(1, .open)])
    #expect(driver.state.escalations[0].share == 0)
  }

  @Test func `a strained tier gets only what is most in doubt`() throws {
    func action(_ score: Double) throws -> (DecisionRun.Action, [Degradation]) {
      var driver = try RunDriver()
      for index in 0..<100 {
        guard let permit = driver.state.tiers[1].breaker.permit(now: 0) else { break }
        driver.state.tiers[1].breaker.record(
          permit, failed: index % 4 == 3, nanoseconds: 1, now: 0)
      }
      driver.callFirst()
      return (driver.handle(.scored(tier: 0, score)), driver.run.degradations)
    }
    #expect(try action(0.5) == (.call(tier: 1, until: 10_000_000), []))
    #expect(try action(0.25) == (.runRung(1), [.narrowed(1)]))
  }

  /// The breaker of the first tier after sixty calls that end in the same way.
  private func breaker(
    after event: DecisionRun.Event, at now: Int64, _ evidence: CallEvidence
  ) throws -> CircuitBreaker.State {
    var driver = try RunDriver()
    for _ in 0..<60 {
      driver.run = DecisionRun(driver.pipeline, started: 0, deadline: .max)
      _ = driver.handle(.begin, at: 0)
      _ = driver.handle(.gated(nil))
      _ = driver.run.handle(
        event, now: now, driver.pipeline, &driver.state, evidence: evidence)
      _ = driver.handle(.failed(tier: 0, .timeout))
    }
    return driver.state.tiers[0].breaker.state
  }

  @Test func `only what the model had time for counts against it`() throws {
    let open = CircuitBreaker.State.open(until: 5_004_000_000)
    #expect(try breaker(after: .clock, at: 4_000_000, .whole) == open)
    #expect(try breaker(after: .clock, at: 6_000_000, .whole) == .open(until: 5_006_000_000))
    #expect(try breaker(after: .failed(tier: 0, .timeout), at: 4_000_000, .whole) == open)
    let score = DecisionRun.Event.scored(tier: 0, 0.1)
    #expect(try breaker(after: score, at: 4_000_000, .whole) == open)
    #expect(try breaker(after: score, at: 4_000_000, .model(nanoseconds: 4_000_000)) == open)
    let failed = DecisionRun.Event.failed(tier: 0, .failed)
    #expect(try breaker(after: failed, at: 4_000_000, .model(nanoseconds: 9)) == open)
    // A queue of this thread, a thread that stood still, an engine without room.
    #expect(try breaker(after: .clock, at: 4_000_000, .nothing) == .closed)
    #expect(try breaker(after: .clock, at: 6_000_001, .whole) == .closed)
    #expect(try breaker(after: .failed(tier: 0, .timeout), at: 40_000_000, .whole) == .closed)
    #expect(try breaker(after: .failed(tier: 0, .refused), at: 1, .whole) == .closed)
    #expect(try breaker(after: score, at: 9_000_000, .model(nanoseconds: 3_999_999)) == .closed)
  }

  @Test func `without time no tier is called and the constant decides`() throws {
    var driver = try RunDriver()
    _ = driver.handle(.begin, at: 25_000_000)
    driver.expect(.gated(nil), gives: .runRung(1))
    driver.expect(.rungMatched(nil), gives: .runOverrides)
    #expect(driver.run.degradations == [.tier(0, .noTime)])
  }

  @Test func `a condition that does not hold passes to the next tier`() throws {
    var driver = try RunDriver([("model: fast\n", "model: fast\n    when: amount > 5.0\n")])
    _ = driver.handle(.begin)
    driver.expect(.gated(nil), gives: .checkCondition(tier: 0))
    driver.expect(.conditioned(false), gives: .call(tier: 1, until: 10_000_000))
    driver.expect(.scored(tier: 1, 0.1), gives: .runOverrides)
    #expect(driver.run.path.map(\.result) == [.skipped, .approved])
  }

  @Test func `events that nobody waits for change nothing`() throws {
    var driver = try RunDriver()
    driver.callFirst()
    let before = driver.run.phase
    for event in [DecisionRun.Event.begin, .gated(0), .conditioned(true), .rungMatched(0),
      .overridden(0), .scored(tier: 1, 0.5), .failed(tier: 1, .failed), .featuresRead(true)]
    {
      driver.expect(event, gives: .wait)
      #expect(driver.run.phase == before)
    }
  }
}
