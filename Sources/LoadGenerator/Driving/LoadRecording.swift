package import Timing

/// How many requests ended how.
package struct OutcomeCounts: Sendable, Equatable, Codable {
  /// Requests that were due in the measured time; the sum over all outcomes once the run is over.
  package var offered: UInt64 = 0
  /// Requests by ``Outcome/rawValue``.
  package var ended = [UInt64](repeating: 0, count: Outcome.allCases.count)
  /// Successes that came after their deadline, counted from the intended send.
  package var late: UInt64 = 0

  package init() {}

  package subscript(_ outcome: Outcome) -> UInt64 {
    get { ended[outcome.rawValue] }
    set { ended[outcome.rawValue] = newValue }
  }

  /// Successes inside their deadline.
  package var good: UInt64 { self[.ok] - min(self[.ok], late) }
  /// Everything that ended without success.
  package var errors: UInt64 { ended.reduce(0, +) - self[.ok] }

  package mutating func merge(_ other: OutcomeCounts) {
    offered += other.offered
    for index in ended.indices { ended[index] += other.ended[index] }
    late += other.late
  }
}

/// One stretch of the time line, by the intended send time of its requests.
package struct WindowRecording: Sendable {
  package var counts = OutcomeCounts()
  /// Successes from the intended send.
  package var latency = LatencyHistogram(precision: .twoHundredFiftySixth)
  /// Requests under way when the window began.
  package var underWay = 0

  package init() {}

  package mutating func merge(_ other: WindowRecording) {
    counts.merge(other.counts)
    latency.merge(other.latency)
    underWay += other.underWay
  }
}

/// What one entry of the mix got.
package struct EntryRecording: Sendable {
  package var name: String
  package var counts = OutcomeCounts()
  /// Successes from the intended send.
  package var latency = LatencyHistogram(precision: .twoThousandth)

  package init(name: String) { self.name = name }

  package mutating func merge(_ other: EntryRecording) {
    counts.merge(other.counts)
    latency.merge(other.latency)
  }
}

/// One wording of an error, and how often it came.
package struct ErrorSample: Sendable, Equatable, Codable {
  package var outcome: Outcome
  package var status: Int
  package var text: String
  package var count: UInt64

  package init(outcome: Outcome, status: Int, text: String, count: UInt64) {
    self.outcome = outcome
    self.status = status
    self.text = text
    self.count = count
  }
}

/// Everything one thread, or after merging one run, measured.
package struct LoadRecording: Sendable {
  /// Wordings kept for each outcome; further ones are counted under an empty text.
  package static let samplesMax = 8

  package var counts = OutcomeCounts()
  /// Successes from the intended send to the whole answer: what a user sees.
  package var latency = LatencyHistogram(precision: .twoThousandth)
  /// The same requests from the actual send: what a tool that waits for the server would report.
  package var service = LatencyHistogram(precision: .twoThousandth)
  /// Refusals and expiries, from the intended send.
  package var refusal = LatencyHistogram(precision: .twoThousandth)
  /// From the intended send to the moment the generator noticed it: the generator's own lag. Empty
  /// in a closed loop.
  package var lag = LatencyHistogram(precision: .twoThousandth)
  /// From noticing to sending: the wait for a free connection. Empty in a closed loop.
  package var wait = LatencyHistogram(precision: .twoThousandth)
  package var stages = StageTable()
  package var entries: [EntryRecording] = []
  package var windows: [WindowRecording] = []
  package var samples: [ErrorSample] = []
  package var bytesSent: UInt64 = 0
  package var bytesReceived: UInt64 = 0
  /// Nanoseconds from the first measured instant to the last answer or the end of the measured
  /// time, whichever is later.
  package var elapsedNanoseconds: Int64 = 0
  /// Nanoseconds of it in which requests became due: answers may come later, and a run may end
  /// before its planned time. 0 if that is not known; at most the planned time.
  package var dueNanoseconds: Int64 = 0
  /// Connections opened, and of those the ones the peer ended.
  package var connectionsOpened = 0
  package var connectionsLost = 0
  /// Why the run ended before its time; `nil` if it did not.
  package var interruption: String?

  /// Nanoseconds of which the offered rate is: ``dueNanoseconds``, or without it as much of the
  /// `planned` time as there was. Answers that come later must not make the rate look smaller.
  package func dueTime(planned: Int64) -> Int64 {
    dueNanoseconds > 0 ? dueNanoseconds : max(0, min(planned, elapsedNanoseconds))
  }

  package init(entries: [String] = []) {
    self.entries = entries.map { EntryRecording(name: $0) }
  }

  /// Counts one wording.
  package mutating func sample(_ outcome: Outcome, status: Int, text: String, count: UInt64 = 1) {
    func place(_ text: String) -> Int? {
      samples.firstIndex {
        $0.outcome == outcome && $0.status == status && ErrorWordings.isSame($0.text, text)
      }
    }
    if let known = place(text) {
      samples[known].count += count
      return
    }
    let kept = samples.count { $0.outcome == outcome && !$0.text.isEmpty }
    let text = kept < Self.samplesMax ? text : ""
    if let known = place(text) {
      samples[known].count += count
    } else {
      samples.append(ErrorSample(outcome: outcome, status: status, text: text, count: count))
    }
  }

  /// Adds what a round of the same plan measured that came after this one: times add up, and
  /// windows follow each other.
  package mutating func append(_ round: LoadRecording) {
    let (elapsed, due) = (elapsedNanoseconds, dueNanoseconds)
    let before = windows
    windows = []
    merge(round)
    windows = before + windows
    elapsedNanoseconds = elapsed + round.elapsedNanoseconds
    dueNanoseconds = due + round.dueNanoseconds
  }

  /// Adds what another thread measured in the same time.
  package mutating func merge(_ other: LoadRecording) {
    counts.merge(other.counts)
    latency.merge(other.latency)
    service.merge(other.service)
    refusal.merge(other.refusal)
    lag.merge(other.lag)
    wait.merge(other.wait)
    stages.merge(other.stages)
    for (index, entry) in other.entries.enumerated() {
      if index < entries.count { entries[index].merge(entry) } else { entries.append(entry) }
    }
    for (index, window) in other.windows.enumerated() {
      if index < windows.count { windows[index].merge(window) } else { windows.append(window) }
    }
    for sample in other.samples {
      self.sample(
        sample.outcome, status: sample.status, text: sample.text, count: sample.count)
    }
    bytesSent += other.bytesSent
    bytesReceived += other.bytesReceived
    elapsedNanoseconds = max(elapsedNanoseconds, other.elapsedNanoseconds)
    dueNanoseconds = max(dueNanoseconds, other.dueNanoseconds)
    connectionsOpened += other.connectionsOpened
    connectionsLost += other.connectionsLost
    interruption = interruption ?? other.interruption
  }
}
