internal import Features

/// Puts what opening a store found into words.
enum HostRecovery {
  static func notice(_ store: FeatureStore, _ views: String) -> HostNotice {
    let recovery = store.recovery
    var text = "\(views): features as of event batch \(recovery.sequence)"
    text += " (\(recovery.snapshotKeys) keys of a snapshot, \(recovery.batches) batches of the log)"
    var severity = HostNotice.Severity.info
    if recovery.tornBytes > 0 {
      text += "; \(recovery.tornBytes) bytes at the end of the log were cut off, never acknowledged"
    }
    if recovery.missing > 0 {
      severity = .warning
      text += "; \(recovery.missing) older batches are no longer in the log and do not count"
    }
    if recovery.refused > 0 {
      severity = .warning
      text += "; \(recovery.refused) events of the log do not fit the views and do not count"
    }
    for problem in recovery.damaged {
      severity = .warning
      text += "; \(problem)"
    }
    return HostNotice(severity, text)
  }
}
