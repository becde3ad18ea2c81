@testable import Decisions

/// One thread that reads requests and decides them in simulated time, with a model of its own: the
/// load, the runs and the shared state are the real ones.
struct OverloadSimulation {
  /// Nanoseconds of the thread for the parts of a request. Those of a decision add up to 100 µs.
  private enum Cost {
    /// Reading a request; on no decision's account.
    static let reading: Int64 = 6_000
    static let refusing: Int64 = 4_000
    /// What comes before the model.
    static let front: Int64 = 15_000
    static let row: Int64 = 15_000
    /// What follows the model.
    static let finish: Int64 = 49_000
    /// Writing the answer; on no decision's account.
    static let writing: Int64 = 15_000
  }

  /// Decisions a second at which the thread is saturated.
  static let capacity = 10_000.0

  private struct Decision {
    var arrived: Int64
    var run: DecisionRun
    var account: PortLoad.Account
    var isModelAsked = false
  }

  let pipeline: PipelineDefinition
  var state: PipelineState
  private(set) var load = PortLoad()
  private let turn: TurnLimit?
  private var random: Seeded
  private var now: Int64 = 0
  private var lane: [Decision] = []
  /// Answers in time and not degraded.
  private(set) var good = 0
  private(set) var degraded = 0
  private(set) var late = 0
  private(set) var refused = 0
  /// Instants at which the breaker of the model was not closed.
  private(set) var openings = 0

  init(_ pipeline: PipelineDefinition, seed: UInt64) {
    self.pipeline = pipeline
    state = PipelineState(pipeline)
    turn = TurnLimit(pipeline)
    random = Seeded(seed)
  }

  /// Runs for so long with Poisson arrivals, and stands still for `stall` in the middle.
  mutating func run(rate: Double, nanoseconds end: Int64, stall: Int64 = 0) {
    var next: Int64 = 0
    var stallAt = stall > 0 ? end / 2 : .max
    while now < end {
      let tick = now
      while next <= tick {
        read(arrived: next)
        next += Int64(max(1, -logarithm() / rate * 1e9))
      }
      if now >= stallAt {
        now += stall
        stallAt = .max
      }
      lookAround()
      flush()
      if !state.tiers.allSatisfy({ $0.breaker.state == .closed }) { openings += 1 }
      if lane.isEmpty, next > now { now = next }
    }
  }

  /// The logarithm of an even random number, by its series.
  private mutating func logarithm() -> Double {
    var u = Double.random(in: 1e-9..<1, using: &random)
    var logarithm = 0.0
    while u < 0.5 {
      u *= 2
      logarithm -= 0.693_147_180_559_945_3
    }
    let y = (u - 1) / (u + 1)
    var power = y
    for odd in stride(from: 1.0, to: 24, by: 2) {
      logarithm += 2 * power / odd
      power *= y * y
    }
    return logarithm
  }

  /// Reads so many requests that are there at once, and decides them.
  mutating func burst(_ count: Int) {
    for _ in 0..<count { read(arrived: now) }
    flush()
  }

  private mutating func read(arrived: Int64) {
    now += Cost.reading
    let run = DecisionRun(pipeline, started: now, deadline: .max)
    let turnEnd = turn?.end(now: now) ?? .max
    guard turn?.hasRoom(state) ?? true,
      let account = load.admit(
        now: now, deadline: load.deadline(now: now, end: run.tiersEnd), turnEnd: turnEnd)
    else {
      now += Cost.refusing
      refused += 1
      return
    }
    var decision = Decision(arrived: arrived, run: run, account: account)
    spend(Cost.front, &decision)
    advance(&decision, .begin)
    if decision.isModelAsked { lane.append(decision) }
  }

  private mutating func spend(_ nanoseconds: Int64, _ decision: inout Decision) {
    now += nanoseconds
    load.spend(nanoseconds, on: &decision.account)
  }

  /// What the timers find: whatever waits here too long.
  private mutating func lookAround() {
    var kept: [Decision] = []
    for var decision in lane {
      guard decision.run.timer <= now else {
        kept.append(decision)
        continue
      }
      load.takeTurn(&decision.account, started: now, now: now)
      advance(&decision, .clock, .nothing)
      advance(&decision, .failed(tier: 0, .timeout), .nothing)
    }
    lane = kept
  }

  /// Runs the model for all that wait, then ends their decisions.
  private mutating func flush() {
    let batch = Array(lane.prefix(256))
    lane.removeFirst(batch.count)
    let started = now
    now += Cost.row * Int64(batch.count)
    for var decision in batch {
      load.spend(Cost.row, on: &decision.account)
      load.takeTurn(&decision.account, started: started, now: now)
      advance(&decision, .scored(tier: 0, 0.1), .model(nanoseconds: Cost.row))
    }
  }

  private mutating func advance(
    _ decision: inout Decision, _ first: DecisionRun.Event, _ evidence: CallEvidence = .whole
  ) {
    var event = first
    while true {
      switch decision.run.handle(event, now: now, pipeline, &state, evidence: evidence) {
      case .runGate: event = .gated(nil)
      case .runRung: event = .rungMatched(nil)
      case .runOverrides: event = .overridden(nil)
      case .call:
        decision.isModelAsked = true
        return
      case .finish: return finish(&decision)
      default: return
      }
    }
  }

  private mutating func finish(_ decision: inout Decision) {
    decision.isModelAsked = false
    spend(Cost.finish, &decision)
    now += Cost.writing
    load.close(&decision.account)
    if now - decision.arrived > 30_000_000 {
      late += 1
    } else if decision.run.degradations.isEmpty {
      good += 1
    } else {
      degraded += 1
    }
  }
}
