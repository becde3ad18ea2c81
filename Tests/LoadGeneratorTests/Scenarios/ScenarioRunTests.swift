import Definitions
import NIOCore
import Testing

@testable import LoadGenerator

@Suite struct ScenarioRunTests {
  /// What a run asked for, in order.
  private actor Notes {
    var lines: [String] = []
    func add(_ line: String) { lines.append(line) }
  }

  private struct Trouble: Error {}

  /// A disturbance that notes what it is told.
  private struct NotedDisturbance: Disturbance {
    let notes: Notes
    func step() async {}
    func stop() async { await notes.add("stopped") }
    func figures() async -> InterferenceFigures { InterferenceFigures(name: "disconnects") }
  }

  private static func scenario(_ text: String) throws -> Scenario {
    var reader = ScenarioReader(path: "s.yaml")
    let scenario = reader.scenario("name: S\nrequests: [{model: m}]\n" + text)
    #expect(reader.problems.isEmpty, "\(reader.problems)")
    return try #require(scenario)
  }

  private static func plan(_ pacing: LoadPlan.Pacing) -> LoadPlan {
    LoadPlan(pacing: pacing, entries: [], durationNanoseconds: 1)
  }

  /// A result of `rate` successes a second that judges every objective as held.
  private static func result(
    _ plan: LoadPlan, rate: UInt64, _ objectives: [Objective], interruption: String? = nil
  ) -> BenchResult {
    var recording = LoadRecording()
    recording.counts.offered = rate
    recording.counts[.ok] = rate
    recording.elapsedNanoseconds = 1_000_000_000
    recording.interruption = interruption
    return BenchResult(
      run: RunDescription(
        target: "t", model: "m", load: "l", durationNanoseconds: plan.durationNanoseconds),
      recording: recording,
      verdicts: objectives.map {
        VerdictFigures(objective: $0.text, state: .held, measured: "1")
      })
  }

  private static func run(
    _ scenario: Scenario, notes: Notes, failing: String? = nil, interrupting: String? = nil
  ) async throws -> ScenarioResult {
    try await ScenarioRun(
      scenario, plan: { plan($0) },
      measure: { title, plan, objectives in
        if title == failing { throw Trouble() }
        await notes.add("\(title) \(plan.durationNanoseconds / 1_000_000) ms \(plan.pacing)")
        return result(
          plan, rate: 1_000, objectives, interruption: title == interrupting ? "died" : nil)
      },
      begin: { interference in
        await notes.add("begin \(interference.kind.name)")
        return InterferenceRun(
          NotedDisturbance(notes: notes), everyNanoseconds: 1_000_000_000_000)
      }
    ).run { _ in }
  }

  @Test func `phases come in order, at multiples of the measured capacity`() async throws {
    let scenario = try Self.scenario(
      """
      capacity: {concurrency: 4, duration: 2s}
      phases:
        - {name: a, rate: 2x capacity, arrivals: constant, duration: 1s,
           bounds: [goodput>85% of capacity, p99<1s]}
        - {name: b, concurrency: 3, duration: 3s}
      """)
    let notes = Notes()
    let result = try await Self.run(scenario, notes: notes)
    let lines = await notes.lines
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("capacity 2000 ms closed"))
    #expect(lines[1].hasPrefix("a 1000 ms open") && lines[1].contains("2000.0"))
    #expect(lines[2].hasPrefix("b 3000 ms closed"))
    #expect(result.phases.map(\.name) == ["capacity", "a", "b"])
    #expect(
      result.phases[1].result.verdicts[0].objective
        == "goodput>85% of capacity (goodput>850.0/s)")
    #expect(result.holds)
  }

  @Test func `interference accompanies the phases it names, and stops with them`() async throws {
    let scenario = try Self.scenario(
      """
      phases:
        - {name: a, rate: 1, duration: 1s}
        - {name: b, rate: 1, duration: 1s}
      interference: [{kind: disconnects, phases: [b]}]
      """)
    let notes = Notes()
    let result = try await Self.run(scenario, notes: notes)
    let lines = await notes.lines
    #expect(lines.count == 4)
    #expect(lines[1] == "begin disconnects")
    #expect(lines[3] == "stopped")
    #expect(result.phases[0].result.run.load == "l")
    #expect(result.phases[1].result.run.load == "l, with disconnects")
  }

  @Test func `what is under way ends when a phase throws`() async throws {
    let scenario = try Self.scenario(
      "phases: [{name: a, rate: 1, duration: 1s}]\ninterference: [{kind: disconnects}]")
    let notes = Notes()
    await #expect(throws: Trouble.self) {
      try await Self.run(scenario, notes: notes, failing: "a")
    }
    #expect(await notes.lines == ["begin disconnects", "stopped"])
  }

  @Test func `a phase that breaks off is the last one`() async throws {
    let scenario = try Self.scenario(
      "phases: [{name: a, rate: 1, duration: 1s}, {name: b, rate: 1, duration: 1s}]")
    let result = try await Self.run(scenario, notes: Notes(), interrupting: "a")
    #expect(result.phases.map(\.name) == ["a"])
  }

  @Test func `a capacity of nothing cannot be multiplied`() throws {
    let phase = ScenarioPhase(
      name: "a", load: .capacity(multiple: 2, arrivals: "poisson"), durationNanoseconds: 1)
    #expect(throws: BenchInputError.self) { try phase.pacing(capacity: 0) }
    #expect(throws: BenchInputError.self) { try phase.pacing(capacity: nil) }
    let bound = try ScenarioBound.parse("goodput>85% of capacity")
    #expect(throws: BenchInputError.self) { try bound[0].objectives(capacity: nil) }
  }

  @Test func `a reload that the server refuses is said before the run`() async throws {
    let refusing = ReloadDisturbance(model: "digits") { "400 explicit loading is off" }
    let error = await #expect(throws: TargetError.self) { try await refusing.check() }
    #expect(error?.description.contains("--model-control-mode explicit") == true)
    #expect(error?.description.contains("explicit loading is off") == true)
    await refusing.step()
    #expect(await refusing.figures().description == "reload: 1 begun; 1 refused")
    let working = ReloadDisturbance(model: "digits") { nil }
    try await working.check()
    await working.step()
    #expect(await working.figures().description == "reload: 1 begun; 1 loaded")
    let broken = ReloadDisturbance(model: "digits") { throw Trouble() }
    await #expect(throws: TargetError.self) { try await broken.check() }
    await broken.step()
    #expect(await broken.figures().description == "reload: 1 begun; 1 failed")
  }

  @Test func `a load request names its model`() {
    #expect(Array(ReloadDisturbance.loadRequest("ab").readableBytesView) == [0x12, 2, 0x61, 0x62])
    let long = ReloadDisturbance.loadRequest(String(repeating: "a", count: 200))
    #expect(Array(long.readableBytesView.prefix(3)) == [0x12, 0xC8, 1])
  }

  @Test func `endings are counted, the rarest kinds together`() {
    var figures = InterferenceFigures(name: "oversized")
    for index in 0..<20 { figures.end("answered \(index)") }
    #expect(figures.endings.count == 17)
    #expect(figures.endings["ended otherwise"] == 4)
  }
}
