/// What the decisions that one thread has begun still cost it, and so how long a new one waits.
///
/// Each decision is expected to cost what decisions did lately. A value without a clock: it is told
/// nanoseconds of the thread's time.
package struct PortLoad: Sendable {
  /// The weight of one decision in the average.
  private static let weight = 1.0 / 32

  /// What one decision did.
  package struct Account: Sendable, Equatable {
    /// Nanoseconds spent on it so far.
    package fileprivate(set) var spent: Int64 = 0
    /// Nanoseconds that it is still expected to take.
    fileprivate var owed: Int64 = 0
    fileprivate var isOpen = false
  }

  /// Nanoseconds of the thread that a decision takes, as an average; 0 before the first.
  package private(set) var cost = 0.0
  /// Nanoseconds that the decisions under way are expected to take yet.
  package private(set) var owed: Int64 = 0
  /// Decisions under way.
  package private(set) var count = 0

  package init() {}

  /// Nanoseconds until a decision that comes now would be made.
  package var wait: Int64 { owed + Int64(cost) }

  /// Takes a decision in, if it can be made by `deadline`; `nil` if it cannot. One that has the
  /// thread to itself is always taken.
  package mutating func admit(now: Int64, deadline: Int64) -> Account? {
    let (end, overflow) = now.addingReportingOverflow(wait)
    guard count == 0 || !overflow && end <= deadline else { return nil }
    return admit()
  }

  private mutating func admit() -> Account {
    var account = Account()
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
    let spent = Double(account.spent)
    cost = cost == 0 ? spent : cost + (spent - cost) * Self.weight
  }
}
