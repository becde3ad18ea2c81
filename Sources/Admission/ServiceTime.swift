/// How long a model takes for a batch: `fixed + perRow * rows`, with the spread seen so far.
///
/// All in nanoseconds; none negative.
package struct ServiceTime: Sendable, Equatable {
  /// The cost of one run whatever its size.
  package var fixedNanoseconds: Double
  /// The cost each row adds.
  package var perRowNanoseconds: Double
  /// Mean absolute difference between a run and its prediction.
  package var deviationNanoseconds: Double

  package init(
    fixedNanoseconds: Double, perRowNanoseconds: Double, deviationNanoseconds: Double = 0
  ) {
    self.fixedNanoseconds = fixedNanoseconds
    self.perRowNanoseconds = perRowNanoseconds
    self.deviationNanoseconds = deviationNanoseconds
  }

  /// Predicted nanoseconds of one batch of `rows`.
  package func batch(rows: Int) -> Double {
    fixedNanoseconds + perRowNanoseconds * Double(rows)
  }

  /// Predicted nanoseconds of `rows` rows run one batch after another, each of at most `rowsMax`.
  package func work(rows: Int, batchRowsMax: Int) -> Double {
    guard rows > 0 else { return 0 }
    let batches = (rows + batchRowsMax - 1) / batchRowsMax
    return fixedNanoseconds * Double(batches) + perRowNanoseconds * Double(rows)
  }
}
