/// How long and how many requests of one priority may wait.
package struct QueuePolicy: Sendable, Equatable {
  /// What happens to a request whose time in the queue is over.
  package enum TimeoutAction: Sendable, Equatable {
    /// It is answered with an error.
    case reject
    /// It runs after those that still have time.
    case delay
  }

  package var timeoutAction: TimeoutAction
  /// Microseconds in the queue; 0 is unlimited.
  package var defaultTimeoutMicroseconds: Int64
  /// Whether a request may ask for a shorter time.
  package var allowTimeoutOverride: Bool
  /// The most requests that may wait; 0 is no limit of its own.
  package var maxQueueSize: Int

  package init(
    timeoutAction: TimeoutAction = .reject, defaultTimeoutMicroseconds: Int64 = 0,
    allowTimeoutOverride: Bool = false, maxQueueSize: Int = 0
  ) {
    self.timeoutAction = timeoutAction
    self.defaultTimeoutMicroseconds = defaultTimeoutMicroseconds
    self.allowTimeoutOverride = allowTimeoutOverride
    self.maxQueueSize = maxQueueSize
  }

  init(_ message: Inference_ModelQueuePolicy) {
    timeoutAction = message.timeoutAction == .delay ? .delay : .reject
    defaultTimeoutMicroseconds = Int64(clamping: message.defaultTimeoutMicroseconds)
    allowTimeoutOverride = message.allowTimeoutOverride
    maxQueueSize = Int(message.maxQueueSize)
  }
}

extension ModelConfiguration {
  private var dynamicBatching: Inference_ModelDynamicBatching? {
    if case .dynamicBatching(let batching)? = message.schedulingChoice { return batching }
    return nil
  }

  /// Whether requests may share a batch.
  package var batchesDynamically: Bool { maxBatchSize > 1 && dynamicBatching != nil }

  /// Batch sizes to aim at, ascending; empty is any.
  package var preferredBatchSizes: [Int] {
    (dynamicBatching?.preferredBatchSize ?? []).map(Int.init).sorted()
  }

  /// The longest a request waits for others, microseconds; 0 is not at all.
  package var maxQueueDelayMicroseconds: Int64 {
    Int64(clamping: dynamicBatching?.maxQueueDelayMicroseconds ?? 0)
  }

  /// Whether the answers leave in the order in which the requests came.
  package var preserveOrdering: Bool { dynamicBatching?.preserveOrdering ?? false }

  /// The number of priorities, 1 the first to run; 0 is one priority for all.
  package var priorityLevels: Int { Int(clamping: dynamicBatching?.priorityLevels ?? 0) }

  /// The priority of a request that asks for none, `1...priorityLevels`; 0 without priorities.
  package var defaultPriorityLevel: Int {
    Int(clamping: dynamicBatching?.defaultPriorityLevel ?? 0)
  }

  /// The policy of a priority that has none of its own.
  package var defaultQueuePolicy: QueuePolicy {
    QueuePolicy(dynamicBatching?.defaultQueuePolicy ?? Inference_ModelQueuePolicy())
  }

  /// The policies of the priorities that have one.
  package var priorityQueuePolicies: [Int: QueuePolicy] {
    var result: [Int: QueuePolicy] = [:]
    for (level, policy) in dynamicBatching?.priorityQueuePolicy ?? [:] {
      result[Int(clamping: level)] = QueuePolicy(policy)
    }
    return result
  }

  /// The policy of `priority`.
  package func queuePolicy(priority: Int) -> QueuePolicy {
    priorityQueuePolicies[priority] ?? defaultQueuePolicy
  }
}
