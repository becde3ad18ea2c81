import Decisions
import Inference
import Logging

/// The decision pipelines of a server, from its options.
enum ServedPipelines {
  /// Opens the pipelines; `nil` if the options name none. The models must be served already.
  ///
  /// - Throws: ``StartFailure`` with everything that is wrong, a problem a line.
  static func open(
    _ options: ServerOptions, models: InferenceEngine, logger: Logger
  ) async throws -> DecisionHost? {
    guard !options.pipelines.isEmpty else { return nil }
    do throws(DecisionHostFailure) {
      return try await DecisionHost.open(options.decisionOptions, models: models) { notice in
        logger.log(level: notice.severity.level, "\(notice.message)")
      }
    } catch {
      throw StartFailure(error.description)
    }
  }

  /// Reads the files again; what is wrong is logged, and changes nothing.
  static func reload(_ host: DecisionHost, logger: Logger) async {
    do throws(DecisionHostFailure) {
      let words = try await host.reload().map { "\($0.name) \($0.kind.rawValue)" }
      logger.notice(
        "pipelines reloaded", metadata: ["pipelines": "\(words.joined(separator: ", "))"])
    } catch {
      for problem in error.problems { logger.error("\(problem)") }
      logger.error("pipelines not reloaded; those before go on")
    }
  }

  /// What the banner says of them.
  static func lines(_ host: DecisionHost) -> [String] {
    let rows = host.engine.names.compactMap { name -> [String]? in
      guard let definition = host.engine.pipeline(named: name)?.definition else { return nil }
      let tiers = definition.tiers.map(\.name).joined(separator: " > ")
      return [
        "  \(name)", "digest \(definition.digest.prefix(12))",
        tiers.isEmpty ? "rules only" : "tiers \(tiers)", "budget \(milliseconds(definition))",
        "durability \(definition.durability.rawValue)",
      ]
    }
    let kept =
      host.options.stateFolder.map { "state in \($0)" }
      ?? "no --state: features start empty, and nothing is recorded"
    return ["pipelines (\(kept)):"] + ModelTable.aligned(rows)
  }

  private static func milliseconds(_ definition: PipelineDefinition) -> String {
    ModelTable.duration(Double(definition.budget.total))
  }
}

extension HostNotice.Severity {
  fileprivate var level: Logger.Level {
    switch self {
    case .info: .notice
    case .warning: .warning
    case .error: .error
    }
  }
}
