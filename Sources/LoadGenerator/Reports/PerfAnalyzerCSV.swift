/// Results as perf_analyzer writes them with `-f`, for what already reads such files.
///
/// Times are whole microseconds. `Client Send` and `Client Recv` are 0: this generator counts
/// them to the network. Without the server's stages its columns are left out, as perf_analyzer
/// leaves them out where it gets no statistics. The percentiles count from the intended send.
package enum PerfAnalyzerCSV {
  /// One row of the file.
  private struct Row {
    var load: String
    var throughput: Double
    var latency: LatencyFigures
    var stages: StageFigures
  }

  /// The file of one run: one row.
  package static func write(_ result: BenchResult) -> String {
    let load =
      result.run.concurrency.map(String.init)
      ?? number(result.run.plannedRate ?? result.summary.offeredRate)
    let row = Row(
      load: load, throughput: result.summary.throughput, latency: result.summary.latency,
      stages: result.stages)
    return write([row], isOpenLoop: result.run.isOpenLoop)
  }

  /// The file of a search: one row a rate, by throughput.
  package static func write(_ result: SearchResult) -> String {
    let rows = result.points.map {
      Row(
        load: number($0.rate), throughput: $0.summary.throughput, latency: $0.summary.latency,
        stages: $0.stages)
    }
    return write(rows, isOpenLoop: true)
  }

  /// The file of any result; `nil` for a comparison, which perf_analyzer does not know. The
  /// phases of a scenario are one row each.
  package static func write(_ document: BenchDocument) -> String? {
    switch document {
    case .load(let result): return write(result)
    case .search(let result): return write(result)
    case .comparison: return nil
    case .scenario(let result):
      let rows = result.phases.map { phase in
        Row(
          load: number(phase.result.summary.offeredRate),
          throughput: phase.result.summary.throughput, latency: phase.result.summary.latency,
          stages: phase.result.stages)
      }
      return write(rows, isOpenLoop: true)
    }
  }

  private static func write(_ rows: [Row], isOpenLoop: Bool) -> String {
    let hasStages = rows.contains { !$0.stages.isEmpty }
    var names = [isOpenLoop ? "Request Rate" : "Concurrency", "Inferences/Second", "Client Send"]
    if hasStages {
      names += [
        "Network+Server Send/Recv", "Server Queue", "Server Compute Input",
        "Server Compute Infer", "Server Compute Output",
      ]
    }
    names += ["Client Recv", "p50 latency", "p90 latency", "p95 latency", "p99 latency"]
    var lines = [names.joined(separator: ",")]
    for row in rows.sorted(by: { $0.throughput < $1.throughput }) {
      var cells = [row.load, number(row.throughput), "0"]
      if hasStages { cells += stageCells(row) }
      cells.append("0")
      for name in ["p50", "p90", "p95", "p99"] { cells.append(whole(row.latency[name] ?? 0)) }
      lines.append(cells.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Network, queue, input, infer and output: each stage goes to the column of its meaning, and
  /// what is left of the mean latency to the network, so that the row adds up.
  private static func stageCells(_ row: Row) -> [String] {
    func sum(_ names: [String]) -> Double {
      names.reduce(0) { $0 + (row.stages.mean(of: $1) ?? 0) }
    }
    let queue = sum(["queue", "batch", "batch_wait"])
    let input = sum(["decode", "gather", "compute_input"])
    let infer = sum(["run", "compute_infer", "compute"])
    let output = sum(["scatter", "encode", "compute_output"])
    let network = max(0, row.latency.mean - queue - input - infer - output)
    return [network, queue, input, infer, output].map { whole(Int64(min($0, 9e18))) }
  }

  private static func whole(_ nanoseconds: Int64) -> String { String(nanoseconds / 1_000) }

  /// A number without commas and without a fraction where it has none.
  private static func number(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
  }
}
