internal import DequeModule

/// The requests of one pipeline that are under way or were decided lately, by the callers' ids: the
/// same id gets the same decision. Bounded.
struct RecentRequests: Sendable {
  typealias Waiter = @Sendable (Result<Decision, DecisionFailure>) -> Void

  private enum Entry: Sendable {
    case underWay([Waiter])
    /// Boxed, so that the table stays small and moves little.
    indirect case decided(Decision)
  }

  /// What a request with an id finds.
  enum Finding: Sendable {
    /// Nothing: it is to be decided, and the end told with ``finish(_:with:)``.
    case isNew
    /// It is being decided; the waiter will be called.
    case waits
    case decided(Decision)
  }

  /// The most decided requests remembered.
  let countMax: Int
  private var entries: [String: Entry] = [:]
  /// Decided ones, oldest first.
  private var order: Deque<String> = []

  init(countMax: Int = 16_384) { self.countMax = countMax }

  mutating func admit(_ id: String, _ waiter: () -> Waiter) -> Finding {
    switch entries[id] {
    case .decided(let decision): return .decided(decision)
    case .underWay(let waiters):
      entries[id] = .underWay(waiters + [waiter()])
      return .waits
    case nil:
      entries[id] = .underWay([])
      return .isNew
    }
  }

  /// Notes the end of a request; a failure is forgotten, so that it can be tried again.
  ///
  /// - Returns: who waited for it.
  mutating func finish(
    _ id: String, with outcome: Result<Decision, DecisionFailure>
  ) -> [Waiter] {
    guard case .underWay(let waiters) = entries.removeValue(forKey: id) else { return [] }
    if case .success(let decision) = outcome {
      entries[id] = .decided(decision)
      order.append(id)
      if order.count > countMax, let oldest = order.popFirst() { entries[oldest] = nil }
    }
    return waiters
  }
}
