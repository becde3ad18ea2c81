/// One stretch of the time line, by the intended send time of its requests.
package struct WindowFigures: Codable, Sendable, Equatable {
  package var counts: CountFigures
  /// Requests under way when the window began.
  package var underWay: Int
  /// Successes from the intended send.
  package var latency: StoredHistogram

  package init(_ window: WindowRecording) {
    counts = CountFigures(window.counts)
    underWay = window.underWay
    latency = StoredHistogram(window.latency)
  }

  private enum CodingKeys: String, CodingKey {
    case counts, latency
    case underWay = "under_way"
  }
}

/// What one entry of the mix got.
package struct EntryFigures: Codable, Sendable, Equatable {
  package var name: String
  package var counts: CountFigures
  package var latency: LatencyFigures
  /// Where ``latency`` comes from.
  package var histogram: StoredHistogram

  package init(_ entry: EntryRecording) {
    name = entry.name
    counts = CountFigures(entry.counts)
    latency = LatencyFigures(entry.latency)
    histogram = StoredHistogram(entry.latency)
  }
}

/// The histograms of one run, whole.
package struct HistogramFigures: Codable, Sendable, Equatable {
  package var latency: StoredHistogram
  package var service: StoredHistogram
  package var refusal: StoredHistogram
  package var lag: StoredHistogram
  package var wait: StoredHistogram

  package init(_ recording: LoadRecording) {
    latency = StoredHistogram(recording.latency)
    service = StoredHistogram(recording.service)
    refusal = StoredHistogram(recording.refusal)
    lag = StoredHistogram(recording.lag)
    wait = StoredHistogram(recording.wait)
  }
}
