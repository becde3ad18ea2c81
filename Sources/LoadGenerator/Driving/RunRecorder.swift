internal import Timing

/// Writes what happens on one thread into its ``LoadRecording``, and keeps the last second aside
/// for the progress line. Only requests that count come here, except where it says otherwise.
struct RunRecorder {
  private(set) var recording: LoadRecording
  private(set) var wordings = ErrorWordings()
  /// What ended since the progress was last asked for; the warm-up's requests too.
  private var recent = RecentAnswers()

  /// The first measured instant, in nanoseconds on the monotonic clock.
  var measuresFrom: Int64 = 0
  private let windowNanoseconds: Int64
  /// For each entry, nanoseconds after which a success is late.
  private let deadlines: [Int64]

  init(_ plan: LoadPlan) {
    recording = LoadRecording(entries: plan.entries.map(\.name))
    windowNanoseconds = plan.boundedWindowNanoseconds
    deadlines = plan.entries.map { $0.deadlineNanoseconds ?? .max }
  }

  /// A request became due. `underWay`: requests that were due before it and have not ended.
  mutating func offer(entry: Int, intended: Int64, underWay: Int) {
    let window = window(of: intended)
    while recording.windows.count <= window {
      recording.windows.append(WindowRecording())
      recording.windows[recording.windows.count - 1].underWay = underWay
    }
    recording.counts.offered += 1
    recording.entries[entry].counts.offered += 1
    recording.windows[window].counts.offered += 1
  }

  /// The generator saw, `lag` nanoseconds late, that a request was due. Open loop only.
  mutating func notice(lag: Int64) {
    recording.lag.record(lag)
    recent.lag.record(lag)
  }

  /// A request was sent, `wait` nanoseconds after it was seen to be due; `nil` in a closed loop.
  mutating func send(wait: Int64?, bytes: UInt64) {
    if let wait { recording.wait.record(wait) }
    recording.bytesSent += bytes
  }

  /// Notes an answer for the progress line alone; the warm-up's too.
  mutating func noteRecent(_ outcome: Outcome, latency: Int64) {
    if outcome == .ok { recent.latency.record(latency) }
  }

  /// A request ended with an answer, or with its connection.
  mutating func end(
    _ request: InFlightRequest, _ answer: Answer, at now: Int64, _ names: StageNames
  ) {
    let outcome = answer.outcome
    let latency = now - request.intended
    let isLate = count(outcome, entry: request.entry, intended: request.intended, latency: latency)
    recording.bytesReceived += UInt64(answer.byteCount)
    switch outcome {
    case .ok:
      recording.latency.record(latency)
      recording.service.record(now - request.sent)
      recording.entries[request.entry].latency.record(latency)
      recording.windows[window(of: request.intended)].latency.record(latency)
      if isLate { countLate(request) }
      if !answer.stages.isEmpty {
        recording.stages.record(
          answer.stages, latency: latency, clientWait: request.sent - request.intended,
          names: names)
      }
    case .refused, .expired:
      recording.refusal.record(latency)
      wordings.count(outcome, status: answer.status, explanation: answer.explanation)
    case .failed, .connection, .unanswered, .unsent:
      wordings.count(outcome, status: answer.status, explanation: answer.explanation)
    }
  }

  /// A request ended without any answer.
  mutating func end(entry: Int, intended: Int64, as outcome: Outcome) {
    _ = count(outcome, entry: entry, intended: intended, latency: 0)
  }

  /// A request that waited ended because no connection could be made; `reason` says why.
  mutating func endUnconnected(entry: Int, intended: Int64, _ answer: Answer) {
    _ = count(.connection, entry: entry, intended: intended, latency: 0)
    wordings.count(.connection, status: answer.status, explanation: answer.explanation)
  }

  mutating func noteOpened() { recording.connectionsOpened += 1 }
  mutating func noteLost() { recording.connectionsLost += 1 }
  mutating func noteInterruption(_ text: String) {
    recording.interruption = recording.interruption ?? text
  }

  /// The run is over, `elapsed` and `due` nanoseconds after the first measured instant; see
  /// ``LoadRecording``. A time in which nothing was due is part of the time line.
  mutating func noteEnd(elapsed: Int64, due: Int64) {
    recording.elapsedNanoseconds = elapsed
    recording.dueNanoseconds = due
    let count = Int((min(due, elapsed) + windowNanoseconds - 1) / windowNanoseconds)
    while recording.windows.count < count { recording.windows.append(WindowRecording()) }
  }

  /// What ended since the last call.
  mutating func takeRecent() -> RecentAnswers {
    defer { recent = RecentAnswers() }
    return recent
  }

  private mutating func count(_ outcome: Outcome, entry: Int, intended: Int64, latency: Int64)
    -> Bool
  {
    recording.counts[outcome] += 1
    recording.entries[entry].counts[outcome] += 1
    recording.windows[window(of: intended)].counts[outcome] += 1
    return latency > deadlines[entry]
  }

  private mutating func countLate(_ request: InFlightRequest) {
    recording.counts.late += 1
    recording.entries[request.entry].counts.late += 1
    recording.windows[window(of: request.intended)].counts.late += 1
  }

  private func window(of intended: Int64) -> Int {
    Int(max(0, intended - measuresFrom) / windowNanoseconds)
  }
}

/// What the progress line shows of the last second.
struct RecentAnswers: Sendable {
  /// Successes from the intended send.
  var latency = LatencyHistogram(precision: .twoHundredFiftySixth)
  /// From the intended send to the moment it was noticed.
  var lag = LatencyHistogram()

  mutating func merge(_ other: RecentAnswers) {
    latency.merge(other.latency)
    lag.merge(other.lag)
  }
}

extension LoadPlan {
  /// Windows of the time line at most, over the measured time.
  package static let windowsMax: Int64 = 1_800

  /// Nanoseconds of one window as it is recorded: ``windowNanoseconds``, doubled until the measured
  /// time has at most ``windowsMax`` windows, because each window holds 31 KiB a thread.
  package var boundedWindowNanoseconds: Int64 {
    var width = max(1_000_000, windowNanoseconds)
    while durationNanoseconds / width >= Self.windowsMax, width < .max / 4 { width *= 2 }
    return width
  }
}
