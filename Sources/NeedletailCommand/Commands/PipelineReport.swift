import Decisions
import Definitions
import Foundation
import Inference
import Logging
import ModelStore

/// What `needletail check` says of decision pipelines.
struct PipelineReport {
  /// Each `file:line:column: what; fix`.
  private(set) var problems: [String] = []
  private var definitions: [PipelineDefinition] = []
  private var looksAtModels = false

  /// Reads every pipeline, and sees whether the models fit where there is a repository.
  ///
  /// - Parameter areModelsSound: whether the repository was found in order; a broken model is
  ///   reported once, and not for each tier that asks it.
  init(options: ServerOptions, areModelsSound: Bool) async {
    for path in options.pipelines where FileManager.default.isReadableFile(atPath: path) {
      read(path)
    }
    guard problems.isEmpty, !definitions.isEmpty else { return }
    let needsModels = definitions.contains { !$0.tiers.isEmpty }
    if needsModels, options.modelRepositories.isEmpty || !areModelsSound { return }
    looksAtModels = needsModels
    do {
      try await open(options)
    } catch {
      problems += "\(error)".split(separator: "\n").map(String.init)
    }
  }

  private mutating func read(_ path: String) {
    guard let text = Self.text(path) else {
      problems.append("\(path): cannot be read as UTF-8; save it as UTF-8")
      return
    }
    do throws(DefinitionError) {
      definitions.append(try PipelineFile.parse(text, path: path) { Self.text($0) })
    } catch {
      problems += error.problems.map(\.description)
    }
  }

  /// Opens the pipelines as a server would, but for their state.
  private func open(_ options: ServerOptions) async throws {
    let quiet = Logger(label: "needletail.check") { _ in SwiftLogNoOpLogHandler() }
    var options = options
    options.stateFolder = ""
    options.modelControlMode = "explicit"
    options.loadModels = Set(definitions.flatMap { $0.tiers.map(\.model) }).sorted()
    options.loadModels.removeAll { $0.isEmpty }
    guard looksAtModels else {
      let engine = InferenceEngine(options: options.engineOptions, logger: quiet)
      defer { engine.shutDown() }
      return try await Self.open(options, engine, quiet)
    }
    let parts = try EngineParts(options: options, logger: quiet)
    do {
      try await parts.store.start()
      try await Self.open(options, parts.engine, quiet)
    } catch {
      await parts.stop()
      throw error
    }
    await parts.stop()
  }

  private static func open(
    _ options: ServerOptions, _ engine: InferenceEngine, _ logger: Logger
  ) async throws {
    try await ServedPipelines.open(options, models: engine, logger: logger)?.close()
  }

  private static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).flatMap { String(data: $0, encoding: .utf8) }
  }

  /// How much was found in order; empty without pipelines.
  var summary: String {
    guard !definitions.isEmpty else { return "" }
    let count = definitions.count
    let words = "\(count) \(count == 1 ? "pipeline" : "pipelines")"
    let hasTiers = definitions.contains { !$0.tiers.isEmpty }
    return hasTiers && !looksAtModels ? "\(words) (models not looked at)" : words
  }
}
