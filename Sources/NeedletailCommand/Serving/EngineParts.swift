import Inference
import Logging
import ModelRuntimes
import ModelStore

/// Why the server cannot start, in one line; the process exits with code 1.
struct StartFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The parts that turn options into models ready to run, without any network.
struct EngineParts {
  let runtime: OnnxRuntime
  let engine: InferenceEngine
  let store: ModelStore

  /// - Throws: ``StartFailure`` if the runtime's library is missing or unusable.
  init(options: ServerOptions, logger: Logger) throws {
    runtime = try Self.makeRuntime(options)
    engine = InferenceEngine(options: options.engineOptions, logger: logger)
    store = ModelStore(
      options: options.storeOptions, runtimes: [runtime], host: engine, logger: logger)
  }

  static func makeRuntime(_ options: ServerOptions) throws -> OnnxRuntime {
    let path = options.onnxRuntimeLibrary
    do throws(RuntimeFailure) {
      return try OnnxRuntime(libraryPath: path.isEmpty ? nil : path)
    } catch {
      throw StartFailure(error.message)
    }
  }

  /// Unloads every model and ends the engine's threads.
  func stop() async {
    await store.stop()
    engine.shutDown()
  }
}

extension ServerOptions {
  var engineOptions: EngineOptions {
    var result = EngineOptions()
    result.execution = EngineOptions.Execution(rawValue: execution) ?? .auto
    result.defaultTimeoutNanoseconds = Int64(defaultTimeoutMilliseconds) * 1_000_000
    result.queueRowsMax = maxQueueRows
    result.queueBytesMax = maxQueueBytes
    return result
  }

  var storeOptions: StoreOptions {
    let mode: StoreOptions.Mode =
      switch modelControlMode {
      case "poll": .poll(seconds: Double(repositoryPollSeconds))
      case "explicit": .explicit(load: loadModels)
      default: .none
      }
    return StoreOptions(
      repositories: modelRepositories, mode: mode, loadThreads: modelLoadThreads,
      disableAutoComplete: disablesAutoComplete, modelSettings: models)
  }
}
