/// Where requests of each speed spent their time; all times are means in nanoseconds.
package struct StageFigures: Codable, Sendable, Equatable {
  /// One slice of the requests, from one quantile of latency to another.
  package struct Band: Codable, Sendable, Equatable {
    /// Quantiles, 0 to 1.
    package var from: Double
    package var to: Double
    /// Successes in it whose server named its stages.
    package var count: UInt64
    /// From the intended send to the whole answer.
    package var latency: Double
    /// Waiting in the client before the send.
    package var clientWait: Double
    /// Each stage, in the order of ``StageFigures/names``.
    package var stages: [Double]
    /// What neither explains: network and kernels for the most part.
    package var rest: Double

    private enum CodingKeys: String, CodingKey {
      case from, to, count
      case latency = "latency_ns"
      case clientWait = "client_wait_ns"
      case stages = "stages_ns"
      case rest = "rest_ns"
    }
  }

  /// Where ``bands`` are cut.
  package static let quantiles = [0.5, 0.9, 0.99, 0.999]

  /// The stages as the server names them, in its order, without its `total`.
  package var names: [String]
  /// Ascending; empty if no answer named a stage.
  package var bands: [Band]
  /// All requests in one band; `nil` if no answer named a stage.
  package var overall: Band?

  package init(_ table: StageTable) {
    // A total repeats the others: as a stage of its own it would count everything twice.
    let kept = table.names.indices.filter { table.names[$0] != "total" || table.names.count == 1 }
    names = kept.map { table.names[$0] }
    func figures(_ band: StageTable.Band) -> Band {
      let stages = kept.map { band.stages[$0] }
      let rest = max(0, band.latency - band.clientWait - stages.reduce(0, +))
      return Band(
        from: band.from, to: band.to, count: band.count, latency: band.latency,
        clientWait: band.clientWait, stages: stages, rest: rest)
    }
    bands = table.bands(Self.quantiles).map(figures)
    overall = table.bands([]).first.map(figures)
  }

  /// Whether no answer named a stage.
  package var isEmpty: Bool { bands.isEmpty }

  /// The mean of a stage over all requests, in nanoseconds; `nil` if it was never named.
  package func mean(of name: String) -> Double? {
    guard let place = names.firstIndex(of: name), let overall,
      overall.stages.indices.contains(place)
    else { return nil }
    return overall.stages[place]
  }
}
