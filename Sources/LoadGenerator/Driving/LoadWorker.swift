internal import DequeModule
package import NIOCore

/// Sends one thread's share of a ``LoadPlan`` and records what comes back.
///
/// Confined to its event loop, whose clock is its only clock. Everything is sent in a tick: when
/// the next request is due, and once after each batch of socket events that gave it something to
/// do. What connections report only changes state and asks for a tick, so no call into a connection
/// ever meets a worker that is half-way through something else.
package final class LoadWorker {
  /// Which of the threads this one is.
  package struct Share: Sendable {
    package var index: Int
    package var count: Int

    package init(index: Int = 0, of count: Int = 1) {
      self.index = index
      self.count = count
    }

    /// This thread's part of `total`; all parts add up to it.
    func part(of total: Int) -> Int { total / count + (index < total % count ? 1 : 0) }
  }

  enum Phase {
    /// Opens connections; nothing is due yet.
    case opening
    /// Requests become due.
    case running
    /// Nothing becomes due any more; what was due ends.
    case draining
    case finished
  }

  /// A request that is due and has no connection.
  struct WaitingRequest {
    var intended: Int64
    var noticed: Int64
    var entry: Int
    var request: Int
    var isMeasured: Bool
  }

  /// Sends of one tick at most, so that answers are read in between.
  static let sendsPerTickMax = 256
  /// Dials of one thread at the same time at most.
  static let dialsMax = 16
  /// Nanoseconds without any open connection after which a run ends early.
  static let outageNanosecondsMax: Int64 = 10_000_000_000
  /// Nanoseconds that what is under way gets after the user stopped the run.
  static let stopNanosecondsMax: Int64 = 1_000_000_000

  let eventLoop: any EventLoop
  let isolated: NIOIsolatedEventLoop
  let dialer: any LoadDialer
  let share: Share
  let timeout: Int64
  let waitingMax: Int
  let connectionsMin: Int
  let connectionsMax: Int
  let warmUp: Int64
  let duration: Int64
  /// Measured requests that may still become due.
  var requestsLeft: Int
  /// Requests under way at once; `nil` in an open loop.
  let concurrency: Int?

  let stageNames = StageNames()
  var schedule: ArrivalSchedule?
  var mix: RequestMix
  var recorder: RunRecorder
  var inFlight = InFlightTable()
  var waiting = Deque<WaitingRequest>()
  var waitingMeasured = 0
  var connections = ConnectionTable()
  var dialPolicy: DialPolicy

  var phase = Phase.opening
  /// Instants in nanoseconds; see ``start(at:)``.
  var startsAt = Int64.max
  var measuresFrom = Int64.max
  /// Where requests stop becoming due.
  var dueEnd = Int64.max
  /// Where the time of the requests that were due ends, if that is not ``dueEnd``.
  var dueTimeEnd: Int64?
  /// When the next request of an open loop is due; `nil`: none is.
  var nextIntended: Int64?
  var lastAnswerAt = Int64.min
  /// Since when no connection has been open; `nil` while one is.
  var withoutConnectionSince: Int64?
  var lastDialReason = "no reason was given"
  /// When what is left is given up, after the user's stop.
  var cutAt: Int64?
  var nextNumber: UInt64
  var meter = ThreadMeter()

  /// Whether the last tick ended for its bound of sends alone.
  var isOutOfSends = false
  private var isTickRequested = false
  private var wakesAt = Int64.max
  /// Set while ``LoadDialer/dial(on:owner:stageNames:)`` is on the stack.
  var isDialing = false
  var endedInDial: (identity: ObjectIdentifier, reason: String?)?

  var whenOpened: ((_ opened: Int, _ reason: String) -> Void)?
  var whenFinished: ((WorkerReport) -> Void)?

  /// A worker for `share` of `plan`. Call on `eventLoop`.
  package init(_ plan: LoadPlan, share: Share, dialer: any LoadDialer, on eventLoop: any EventLoop)
  {
    self.eventLoop = eventLoop
    isolated = eventLoop.assumeIsolated()
    self.dialer = dialer
    self.share = share
    timeout = max(1, plan.timeoutNanoseconds)
    waitingMax = max(1, share.part(of: plan.waitingMax))
    connectionsMax = max(1, share.part(of: plan.connectionsMax))
    connectionsMin = min(connectionsMax, max(1, share.part(of: plan.connections)))
    warmUp = max(0, plan.warmUpNanoseconds)
    duration = max(0, plan.durationNanoseconds)
    requestsLeft = plan.requestsMax.map { share.part(of: max(0, $0)) } ?? .max
    switch plan.pacing {
    case .open(let process):
      concurrency = nil
      schedule = ArrivalSchedule(process, seed: plan.seed, share: share.index, of: share.count)
    case .closed(let total):
      concurrency = share.part(of: total)
    }
    mix = RequestMix(plan.entries, seed: plan.seed, share: share.index)
    recorder = RunRecorder(plan)
    dialPolicy = DialPolicy(random: RandomSource(seed: plan.seed, stream: 1 << 21 + share.index))
    nextNumber = UInt64(share.index) << 48
  }

  /// The loop's clock, in nanoseconds.
  var now: Int64 { Int64(clamping: eventLoop.now.uptimeNanoseconds) }

  /// Requests that were due and have not ended.
  var underWay: Int { inFlight.count + waiting.count }

  /// Asks for a tick after the events that the loop is handling now.
  func requestTick() {
    guard !isTickRequested, phase != .finished else { return }
    isTickRequested = true
    isolated.execute { [self] in
      isTickRequested = false
      tick()
    }
  }

  /// Does everything that is due, and sees to it that it is called again in time.
  func tick() {
    let now = now
    switch phase {
    case .finished: return
    case .opening:
      dial(at: now)
      reportOpened(at: now)
    case .running, .draining:
      meter.pass(now, end: dueEnd)
      expire(at: now)
      endOutage(at: now)
      sendDue()
      flush()
      dial(at: now)
      finishIfDone(at: now)
    }
    scheduleTick(at: now)
  }

  private func flush() {
    while let connection = connections.popTouched() { connection.flush() }
  }

  /// Plans the next tick, at least a microsecond ahead: the loop looks at its sockets only when no
  /// task is due, so a tick that asks for the next at once would starve the answers.
  private func scheduleTick(at now: Int64) {
    guard phase != .finished else { return }
    let next = max(nextWake(), self.now + 1_000)
    // A later tick that is planned already fires for nothing, which does no harm.
    guard next < wakesAt, next < .max else { return }
    wakesAt = next
    _ = try? isolated.scheduleCallback(
      at: .uptimeNanoseconds(UInt64(next)), handler: self)
  }

  /// The earliest instant at which something must be done.
  private func nextWake() -> Int64 {
    var next = Int64.max
    if let cutAt { next = min(next, cutAt) }
    if let since = withoutConnectionSince { next = min(next, since + Self.outageNanosecondsMax) }
    if wantsConnections > 0 { next = min(next, dialPolicy.notBefore) }
    if phase == .opening { return next }
    if let first = inFlight.first { next = min(next, first.deadline) }
    if let first = waiting.first { next = min(next, first.intended + timeout) }
    if isOutOfSends { return .min }
    if let nextIntended { next = min(next, nextIntended) }
    if concurrency != nil, phase == .running, now < startsAt { next = min(next, startsAt) }
    // An instant to come: the ends of the warm-up and of the measured time.
    if meter.isBeforeStart { next = min(next, measuresFrom) }
    if phase == .running || dueEnd > now { next = min(next, dueEnd) }
    return next
  }
}

extension LoadWorker: NIOScheduledCallbackHandler {
  package func handleScheduledCallback(eventLoop: some EventLoop) {
    if wakesAt <= now { wakesAt = .max }
    tick()
  }
}
