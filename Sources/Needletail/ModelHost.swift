internal import Inference
private import Logging
internal import ModelRuntimes
internal import ModelStore

/// The models of an engine: ONNX Runtime, the store that loads, and the engine that runs.
struct ModelHost: Sendable {
  let inference: InferenceEngine
  private let store: ModelStore?

  /// Loads `models`; an engine without repositories has none.
  ///
  /// - Throws: what is wrong with the runtime's library, a repository or a model.
  init(_ configuration: EngineConfiguration, models: [String]) async throws(EngineFailure) {
    let logger = Logger(label: "needletail") { _ in SwiftLogNoOpLogHandler() }
    inference = InferenceEngine(options: EngineOptions(), logger: logger)
    guard !configuration.modelRepositories.isEmpty, !models.isEmpty else {
      store = nil
      return
    }
    do throws(RuntimeFailure) {
      let runtime = try OnnxRuntime(libraryPath: configuration.onnxRuntimeLibrary)
      store = ModelStore(
        options: StoreOptions(
          repositories: configuration.modelRepositories, mode: .explicit(load: models)),
        runtimes: [runtime], host: inference, logger: logger)
    } catch {
      inference.shutDown()
      throw EngineFailure(.configuration, error.message)
    }
    do throws(StoreError) {
      try await store?.start()
    } catch {
      await stop()
      throw EngineFailure(.configuration, error.message)
    }
    let failures = await store?.failures() ?? []
    guard failures.isEmpty else {
      await stop()
      throw EngineFailure(
        .configuration, failures.map { "model '\($0.name)' cannot be served: \($0.reason)" })
    }
  }

  /// Unloads everything; nothing may be under way.
  func stop() async {
    await store?.stop()
    inference.shutDown()
  }
}
