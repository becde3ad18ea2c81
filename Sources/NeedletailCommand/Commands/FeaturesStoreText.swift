import Features

/// What is said of a store that was opened.
enum FeaturesStoreText {
  /// Complains of what was found amiss.
  static func report(_ recovery: StoreRecovery) {
    for damage in recovery.damaged {
      Terminal.complain("\(damage); an older snapshot and the log were used in its place")
    }
    if recovery.tornBytes > 0 {
      Terminal.complain(
        "\(recovery.tornBytes) bytes at the end of the log, never acknowledged, were cut off")
    }
    if recovery.missing > 0 {
      Terminal.complain(
        "the log no longer has its first \(recovery.missing) batches: windows that reach back to "
          + "them are incomplete")
    }
    if recovery.refused > 0 {
      Terminal.complain("\(recovery.refused) events of the log do not fit the views now")
    }
  }

  /// One line about where the state came from.
  static func summary(_ recovery: StoreRecovery) -> String {
    "snapshot of batch \(recovery.snapshot) with \(recovery.snapshotKeys) keys, "
      + "\(recovery.batches) batches of the log after it"
  }
}
