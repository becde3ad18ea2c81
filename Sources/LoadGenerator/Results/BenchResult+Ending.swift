extension BenchResult {
  /// Connection errors in a row at the end of a run that tell of a dead target.
  private static let lastErrorsMin: UInt64 = 3

  /// When the last window with an answer ended, in nanoseconds from the first measured instant, if
  /// no connection could be made or kept from then to the end of the run; `nil` if the target
  /// lived, or never answered at all.
  package var diedAt: Int64? {
    guard interruption == nil, let last = windows.lastIndex(where: { $0.counts.answered > 0 })
    else { return nil }
    let errors = windows[(last + 1)...].reduce(0) { $0 + $1.counts[.connection] }
    return errors >= Self.lastErrorsMin ? Int64(last + 1) * run.windowNanoseconds : nil
  }

  /// Whether requests were due and not one of them succeeded.
  package var lacksSuccess: Bool { summary.counts.offered > 0 && summary.counts.ok == 0 }
}

extension CountFigures {
  /// Requests that the target answered in some way.
  fileprivate var answered: UInt64 {
    self[.ok] + self[.refused] + self[.expired] + self[.failed]
  }
}
