package import Features
package import Inference
package import NIOCore
internal import Synchronization

/// All pipelines by name. Ports, one an event loop, decide; the control plane replaces pipelines.
package final class DecisionEngine: Sendable {
  let recorder: (any DecisionRecorder)?
  private let served = Mutex<[String: Pipeline]>([:])

  /// An engine without pipelines.
  ///
  /// - Parameter recorder: keeps decisions; `nil` keeps none.
  package init(recorder: (any DecisionRecorder)? = nil) { self.recorder = recorder }

  /// Serves these pipelines instead of those before, all at once. One whose definition is the same
  /// goes on with what it knows. Decisions under way end with the pipeline that they began with.
  ///
  /// - Parameter stores: by the path of a file of views as the definitions have it: its state.
  /// - Throws: ``StoreFailure`` where a store that is not given cannot be made.
  package func serve(
    _ definitions: [PipelineDefinition], stores: [String: FeatureStore] = [:]
  ) throws(StoreFailure) {
    var stores = stores
    for definition in definitions {
      guard let use = definition.features, stores[use.path] == nil else { continue }
      let known = served.withLock { served in
        served.values.first {
          $0.definition.features?.path == use.path
            && $0.definition.features?.definitions.digest == use.definitions.digest
        }
      }
      if let store = known?.features {
        stores[use.path] = store
      } else {
        stores[use.path] = try .volatile(use.definitions)
      }
    }
    served.withLock { [stores] served in
      var next: [String: Pipeline] = [:]
      for definition in definitions {
        let store = definition.features.flatMap { stores[$0.path] }
        if let known = served[definition.name], known.definition.digest == definition.digest,
          known.features === store
        {
          next[definition.name] = known
        } else {
          next[definition.name] = Pipeline(definition, features: store)
        }
      }
      served = next
    }
  }

  /// The pipeline of a name; `nil` if there is none.
  package func pipeline(named name: String) -> Pipeline? { served.withLock { $0[name] } }

  /// The names of all pipelines, sorted.
  package var names: [String] { served.withLock { $0.keys.sorted() } }

  /// A port for the calling thread, which must be that of `eventLoop` and of `inference`.
  package func makePort(on eventLoop: any EventLoop, inference: InferencePort) -> DecisionPort {
    DecisionPort(engine: self, on: eventLoop, inference: inference)
  }
}
