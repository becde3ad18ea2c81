import ArgumentParser
import Inference
import Logging
import ModelStore
import Monitoring
import Tensors

/// `needletail models`: what the repositories hold and how each model would be served.
struct ModelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Lists what the model repositories hold and how each would be served.",
    discussion: "Loads every model once to measure it; listens nowhere.")

  @OptionGroup var flags: ConfigurationFlags

  func run() async throws {
    var (options, problems) = flags.resolve()
    guard problems.isEmpty else {
      for problem in problems { Terminal.complain("\(problem)") }
      throw ExitCode(1)
    }
    options.modelControlMode = "none"
    let quiet = Logger(label: "needletail.models") { _ in SwiftLogNoOpLogHandler() }
    do {
      let parts = try EngineParts(options: options, logger: quiet)
      let inspection = RepositoryInspection.inspect(options.storeOptions, runtimes: [])
      try await parts.store.start()
      let table = ModelTable(
        served: try parts.engine.statistics(model: "", version: "").map { figures in
          (try parts.engine.served(model: figures.name, version: figures.version), figures)
        }, failures: await parts.store.failures(), inspection: inspection)
      Terminal.say(table.text)
      await parts.stop()
    } catch {
      Terminal.complain("\(error)")
      throw ExitCode(1)
    }
  }
}

/// The table that `needletail models` prints.
struct ModelTable {
  let text: String

  init(
    served: [(ServedVersion, ModelStatistics)], failures: [IndexEntry],
    inspection: RepositoryInspection
  ) {
    var rows = [["MODEL", "VERSION", "EXECUTION", "ONE ROW", "BATCHING", "INPUTS", "OUTPUTS"]]
    for (version, figures) in served {
      let cost = figures.curve.fixedNanoseconds + figures.curve.perRowNanoseconds
      rows.append([
        version.name, version.versionText, figures.runsInline ? "inline" : Self.threads(version),
        cost > 0 ? Self.duration(cost) : "not measured", Self.batching(version),
        Self.tensors(version.inputs), Self.tensors(version.outputs),
      ])
    }
    var lines = Self.aligned(rows)
    if served.isEmpty { lines = ["no model can be served"] }
    let problems = inspection.problems + inspection.models.flatMap(\.problems)
    for failure in failures {
      let version = failure.version.isEmpty ? "" : " version \(failure.version)"
      lines.append("\(failure.name)\(version): not served: \(failure.reason)")
    }
    lines += problems.map(\.description).filter { line in
      !failures.contains { $0.reason.contains(line) }
    }
    text = lines.joined(separator: "\n")
  }

  private static func threads(_ version: ServedVersion) -> String {
    let count = version.configuration.instanceCount
    return "\(count) \(count == 1 ? "thread" : "threads")"
  }

  private static func batching(_ version: ServedVersion) -> String {
    if version.maxBatchSize == 0 { return "none" }
    let configuration = version.configuration
    var text = "to \(version.maxBatchSize)"
    if configuration.batchesDynamically, configuration.maxQueueDelayMicroseconds > 0 {
      text += ", \(configuration.maxQueueDelayMicroseconds) us"
    }
    return text
  }

  private static func tensors(_ specs: [TensorSpec]) -> String {
    let shown = specs.prefix(3).map { spec in
      let dimensions = spec.dimensions.map(String.init).joined(separator: ",")
      return "\(spec.name):\(spec.elementType.wireName)[\(dimensions)]"
    }
    return (shown + (specs.count > 3 ? ["and \(specs.count - 3) more"] : []))
      .joined(separator: " ")
  }

  /// Nanoseconds in the unit that suits them.
  static func duration(_ nanoseconds: Double) -> String {
    let micro = nanoseconds / 1_000
    if micro < 10 { return "\((micro * 10).rounded() / 10) us" }
    if micro < 10_000 { return "\(Int(micro.rounded())) us" }
    return "\(Int((micro / 1_000).rounded())) ms"
  }

  /// The rows as lines, each column as wide as its widest cell.
  static func aligned(_ rows: [[String]]) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell
        if column < row.count - 1 {
          line += String(repeating: " ", count: widths[column] - cell.count + 2)
        }
      }
      return line
    }
  }
}
