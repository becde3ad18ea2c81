package import Admission

/// A model's run time over its batch size, learnt from its own runs: S(b) = fixed + perRow * b.
///
/// Exponentially weighted least squares over (rows, nanoseconds); each run weighs `1 - forgetting`
/// of the past. A run far above its prediction (a preempted thread) is clipped, so that one stall
/// does not make the server refuse what it can serve. A run far below its prediction is no
/// accident: the past was wrong, and counts for less.
package struct LatencyCurve: Sendable, Equatable {
  /// How much of the past each new run keeps.
  private static let memory = 0.98
  /// How much of the past a run far below its prediction keeps.
  private static let shortMemory = 0.8
  /// Runs before outliers are clipped.
  private static let clipAfter = 4
  /// A run counts as at most this multiple of its prediction.
  private static let clipFactor = 4.0

  private var weight = 0.0
  private var sumRows = 0.0
  private var sumTime = 0.0
  private var sumRowsSquared = 0.0
  private var sumRowsTime = 0.0
  /// The fit: what a batch is predicted to take.
  package private(set) var service: ServiceTime
  /// Runs observed.
  package private(set) var observations = 0

  /// A curve that knows nothing yet and predicts `service`.
  package init(prior service: ServiceTime = ServiceTime(fixedNanoseconds: 0, perRowNanoseconds: 0))
  {
    self.service = service
  }

  /// Learns from one run of `rows` rows that took `nanoseconds`.
  package mutating func observe(rows: Int, nanoseconds: Int64) {
    guard rows > 0, nanoseconds >= 0 else { return }
    let predicted = service.batch(rows: rows)
    var time = Double(nanoseconds)
    if observations >= Self.clipAfter, predicted > 0 {
      time = min(time, predicted * Self.clipFactor)
    }
    let memory = time * Self.clipFactor < predicted ? Self.shortMemory : Self.memory
    let x = Double(rows)
    weight = weight * memory + 1
    sumRows = sumRows * memory + x
    sumTime = sumTime * memory + time
    sumRowsSquared = sumRowsSquared * memory + x * x
    sumRowsTime = sumRowsTime * memory + x * time
    if observations > 0 {
      let error = abs(time - predicted)
      service.deviationNanoseconds += (error - service.deviationNanoseconds) * 0.05
    }
    observations += 1
    refit()
  }

  /// Solves the weighted normal equations; keeps both terms at 0 or more.
  private mutating func refit() {
    let determinant = weight * sumRowsSquared - sumRows * sumRows
    let meanRows = sumRows / weight
    let meanTime = sumTime / weight
    // Runs of one size say nothing of the slope: keep its share of the time as it was.
    let isSpread = determinant > 1e-6 * weight * sumRowsSquared
    var slope: Double
    if isSpread {
      slope = (weight * sumRowsTime - sumRows * sumTime) / determinant
    } else if service.batch(rows: 1) > 0 {
      let predicted = service.fixedNanoseconds + service.perRowNanoseconds * meanRows
      slope = service.perRowNanoseconds * (meanTime / predicted)
    } else {
      slope = meanTime / meanRows
    }
    slope = min(max(0, slope), meanTime / meanRows)
    service.perRowNanoseconds = slope
    service.fixedNanoseconds = max(0, meanTime - slope * meanRows)
  }
}
