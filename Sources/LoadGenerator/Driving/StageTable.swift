internal import Timing

/// Where successes of each latency spent their time in the server: the sums of their stages by
/// latency bucket, so that the slowest requests can be looked at by themselves.
package struct StageTable: Sendable {
  /// One row of ``bands(_:)``.
  package struct Band: Sendable, Equatable {
    /// The quantiles it lies between, for example 0.999 and 1.
    package var from: Double
    package var to: Double
    /// Successes in it whose server named its stages.
    package var count: UInt64
    /// Their mean latency from the intended send, in nanoseconds.
    package var latency: Double
    /// Their mean wait in the client before the send, in nanoseconds.
    package var clientWait: Double
    /// The mean of each stage, in nanoseconds, in the order of ``StageTable/names``.
    package var stages: [Double]
    /// What neither explains, network and kernels for the most part, in nanoseconds.
    package var rest: Double { max(0, latency - clientWait - stages.reduce(0, +)) }
  }

  fileprivate struct Row: Sendable {
    var count: UInt64 = 0
    var latency: Int64 = 0
    var clientWait: Int64 = 0
    var stages = SIMD16<Int64>(repeating: 0)
  }

  /// The stages' names; at most ``ServerStages/countMax``.
  package private(set) var names: [String] = []
  /// One row a bucket of ``scale``; empty until the first stage is recorded.
  private var rows: [Row] = []
  private let scale = LatencyHistogram(precision: .twoHundredFiftySixth)

  package init() {}

  /// Whether no answer named a stage.
  package var isEmpty: Bool { rows.isEmpty }

  /// Notes one success; all times in nanoseconds. `names` are those of the loop that read it.
  package mutating func record(
    _ stages: ServerStages, latency: Int64, clientWait: Int64, names: StageNames
  ) {
    if names.names.count != self.names.count { self.names = names.names }
    var row = Row()
    row.count = 1
    row.latency = latency
    row.clientWait = clientWait
    row.stages = stages.nanoseconds
    if rows.isEmpty { rows = [Row](repeating: Row(), count: scale.bucketCount) }
    rows[scale.bucket(of: latency)].add(row)
  }

  /// The table cut at `quantiles` (ascending, between 0 and 1): from 0 to the first, and so on to
  /// 1. Each band holds exactly its part of the requests: of a bucket that a cut goes through,
  /// whose requests differ by 0.8 % at most, both sides get the mean. Empty bands are left out.
  package func bands(_ quantiles: [Double]) -> [Band] {
    let total = rows.reduce(0) { $0 + $1.count }
    guard total > 0 else { return [] }
    let edges = quantiles + [1]
    // The last request of each band, by the same rank as that of a percentile.
    let ends = edges.map { LatencyHistogram.rank(of: $0, in: total) }
    var sums = [Sum](repeating: Sum(), count: edges.count)
    var seen: UInt64 = 0
    var band = 0
    for row in rows {
      var left = row.count
      while left > 0 {
        while seen >= ends[band], band < edges.count - 1 { band += 1 }
        let taken = band < edges.count - 1 ? min(left, ends[band] - seen) : left
        sums[band].add(row, requests: taken)
        seen += taken
        left -= taken
      }
    }
    return sums.indices.compactMap { index in
      let sum = sums[index]
      guard sum.count > 0 else { return nil }
      let count = Double(sum.count)
      return Band(
        from: index == 0 ? 0 : edges[index - 1], to: edges[index], count: sum.count,
        latency: sum.latency / count, clientWait: sum.clientWait / count,
        stages: names.indices.map { sum.stages[$0] / count })
    }
  }

  /// What the requests of a band add up to.
  private struct Sum {
    var count: UInt64 = 0
    var latency = 0.0
    var clientWait = 0.0
    var stages = SIMD16<Double>(repeating: 0)

    /// Adds some of a row's requests, each with the row's mean.
    mutating func add(_ row: Row, requests: UInt64) {
      let part = Double(requests) / Double(row.count)
      count += requests
      latency += Double(row.latency) * part
      clientWait += Double(row.clientWait) * part
      stages += SIMD16<Double>(row.stages) * part
    }
  }

  package mutating func merge(_ other: StageTable) {
    var places: [Int] = []
    for name in other.names {
      if let place = names.firstIndex(of: name) {
        places.append(place)
      } else {
        places.append(names.count < ServerStages.countMax ? names.count : -1)
        if names.count < ServerStages.countMax { names.append(name) }
      }
    }
    if rows.isEmpty, !other.rows.isEmpty {
      rows = [Row](repeating: Row(), count: scale.bucketCount)
    }
    for (bucket, row) in other.rows.enumerated() where row.count > 0 {
      var moved = row
      moved.stages = SIMD16(repeating: 0)
      for (from, to) in places.enumerated() where to >= 0 { moved.stages[to] += row.stages[from] }
      rows[bucket].add(moved)
    }
  }
}

extension StageTable.Row {
  fileprivate mutating func add(_ other: Self) {
    count += other.count
    latency &+= other.latency
    clientWait &+= other.clientWait
    stages &+= other.stages
  }
}
