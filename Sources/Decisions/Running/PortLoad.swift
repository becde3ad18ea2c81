/// What the decisions that one thread has begun still cost it, and so how long a new one waits.
///
/// Each decision is expected to cost what decisions did lately. The thread does other things too:
/// it reads requests, refuses some, or is not run at all. So it is noted how long decisions waited
/// for their turn, compared with the work that came first. A value without a clock: it is told
/// monotonic nanoseconds.
package struct PortLoad: Sendable {
  /// The weight of one decision in the average, and that of one of the first few: those are slower
  /// than what follows.
  private static let weight = 1.0 / 32
  private static let firstWeight = 1.0 / 2
  private static let firstMax = 8
  /// One decision counts as this many times the average at most: what took longer was a thread that
  /// stood still, not a decision.
  private static let spentMax = 8.0
  /// The weight of one wait in the averages.
  private static let turnWeight = 1.0 / 64
  /// One wait counts as this many times the expected one at most.
  private static let stretchMax = 16.0
  /// The weight of one request in the share that is refused, and the shares at which overload
  /// begins and ends.
  private static let refusalWeight = 1.0 / 512
  private static let overloadBegins = 0.25
  private static let overloadEnds = 0.1

  /// What one decision did.
  package struct Account: Sendable, Equatable {
    /// Nanoseconds spent on it so far.
    package fileprivate(set) var spent: Int64 = 0
    /// Nanoseconds that it is still expected to take.
    fileprivate var owed: Int64 = 0
    fileprivate var isOpen = false
    fileprivate var admittedAt: Int64 = 0
    /// Nanoseconds of work that came first, and its own; 0 where its turn is not noted.
    fileprivate var ahead = 0.0

    /// Its turn says nothing: it waits for something else first.
    package mutating func skipTurn() { ahead = 0 }
  }

  /// Nanoseconds of the thread that a decision takes, as an average; 0 before the first.
  package private(set) var cost = 0.0
  /// Nanoseconds that the decisions under way are expected to take yet.
  package private(set) var owed: Int64 = 0
  /// Decisions under way.
  package private(set) var count = 0
  /// How many times longer it takes to a decision's score than the work under way and its own
  /// would: up to 16.
  package private(set) var stretch = 1.0
  /// The same to the start of its model: less, because models run many at once, before the rest.
  package private(set) var turnStretch = 0.25
  /// Averages of the noted times: to the model, to the score, and those of the work alone.
  private var untilTurn = 0.0
  private var untilScore = 0.0
  private var worked = 0.0
  /// The share of requests that were refused, as an average of the last few hundred.
  private var refusedShare = 0.0
  /// Whether so many are refused that it is no burst: what waits then only makes all wait longer.
  package private(set) var isOverloaded = false
  /// Decisions in the average of costs, as long as they are few.
  private var known = 0

  package init() {}

  /// Nanoseconds until a decision that comes now would be made.
  package var wait: Int64 { nanoseconds(stretch: max(1, stretch)) }
  /// Nanoseconds until the model of a decision that comes now would start.
  package var turnWait: Int64 { nanoseconds(stretch: turnStretch) }

  private func nanoseconds(stretch: Double) -> Int64 {
    Int64(min(4e18, (Double(owed) + cost) * stretch))
  }

  /// Takes a decision in, if it can be made by `deadline` and its turn comes by `turnEnd`; `nil` if
  /// it cannot. One that has the thread to itself is always taken.
  package mutating func admit(
    now: Int64, deadline: Int64, turnEnd: Int64 = .max
  ) -> Account? {
    guard admits(now: now, deadline: deadline, turnEnd: turnEnd) else {
      noteRefusal()
      return nil
    }
    note(refused: false)
    return admit(now: now)
  }

  /// Whether ``admit(now:deadline:turnEnd:)`` would take a decision in.
  package func admits(now: Int64, deadline: Int64, turnEnd: Int64) -> Bool {
    let (end, overflow) = now.addingReportingOverflow(wait)
    let (turn, turnOverflow) = now.addingReportingOverflow(turnWait)
    let isInTime = !overflow && end <= deadline && !turnOverflow && turn <= turnEnd
    return count == 0 || isInTime
  }

  /// Counts a request that was refused before it was to be admitted.
  package mutating func noteRefusal() { note(refused: true) }

  private mutating func note(refused: Bool) {
    refusedShare += ((refused ? 1 : 0) - refusedShare) * Self.refusalWeight
    isOverloaded = refusedShare > (isOverloaded ? Self.overloadEnds : Self.overloadBegins)
  }

  private mutating func admit(now: Int64) -> Account {
    var account = Account()
    account.admittedAt = now
    account.ahead = Double(owed) + cost
    account.owed = Int64(cost)
    account.isOpen = true
    owed += account.owed
    count += 1
    return account
  }

  /// Books time of the thread on a decision.
  package mutating func spend(_ nanoseconds: Int64, on account: inout Account) {
    guard nanoseconds > 0 else { return }
    account.spent += nanoseconds
    let paid = min(account.owed, nanoseconds)
    account.owed -= paid
    owed -= paid
  }

  /// Notes the turn of a decision: when its model started on the thread, and that its score is
  /// there now. What was given up has both now.
  package mutating func takeTurn(_ account: inout Account, started: Int64, now: Int64) {
    guard account.isOpen, account.ahead > 0 else { return }
    let most = account.ahead * Self.stretchMax
    let turn = min(Double(max(0, started - account.admittedAt)), most)
    let score = min(Double(max(0, now - account.admittedAt)), most)
    untilTurn += (turn - untilTurn) * Self.turnWeight
    untilScore += (score - untilScore) * Self.turnWeight
    worked += (account.ahead - worked) * Self.turnWeight
    // Of the averages, so that long times tell more than short ones.
    turnStretch = min(Self.stretchMax, untilTurn / worked)
    stretch = min(Self.stretchMax, untilScore / worked)
    account.ahead = 0
  }

  /// When a decision must be made that comes now and may take until `end`: after two fifths of that
  /// time. As much again may wait in the sockets while the thread works, and nobody sees it there.
  ///
  /// A burst may fill that. Under overload it would stay full, with the same decisions made, each
  /// later, and refusals waiting as long in the sockets: then it is a tenth.
  package func deadline(now: Int64, end: Int64) -> Int64 {
    end <= now ? end : now + (isOverloaded ? (end - now) / 10 : (end - now) / 5 * 2)
  }

  /// Ends a decision.
  ///
  /// - Parameter counts: whether it says what decisions cost: not if it was cut short.
  package mutating func close(_ account: inout Account, counts: Bool = true) {
    guard account.isOpen else { return }
    account.isOpen = false
    owed -= account.owed
    account.owed = 0
    count -= 1
    guard counts, account.spent > 0 else { return }
    let isFirst = known < Self.firstMax
    let spent = min(Double(account.spent), isFirst ? .infinity : cost * Self.spentMax)
    let weight = isFirst ? Self.firstWeight : Self.weight
    known = min(known + 1, Self.firstMax)
    cost = cost == 0 ? spent : cost + (spent - cost) * weight
  }
}
