internal import Features
package import Inference
package import NIOCore
internal import Synchronization

/// All pipelines by name. Ports, one an event loop, decide; the control plane replaces pipelines.
package final class DecisionEngine: Sendable {
  private struct Served {
    var pipelines: [String: Pipeline] = [:]
    var stores: [StoreKey: SharedFeatures] = [:]
  }

  private struct StoreKey: Hashable {
    var path: String
    var digest: String
  }

  let recorder: (any DecisionRecorder)?
  private let served = Mutex(Served())

  /// An engine without pipelines.
  ///
  /// - Parameter recorder: keeps decisions; `nil` keeps none.
  package init(recorder: (any DecisionRecorder)? = nil) { self.recorder = recorder }

  /// Serves these pipelines instead of those before, all at once. One whose definition is the same
  /// goes on with what it knows; so do views whose file is the same. Decisions under way end with
  /// the pipeline that they began with.
  package func serve(_ definitions: [PipelineDefinition]) {
    served.withLock { served in
      var next = Served()
      for definition in definitions {
        var store: SharedFeatures?
        if let use = definition.features {
          let key = StoreKey(path: use.path, digest: use.definitions.digest)
          store =
            next.stores[key] ?? served.stores[key]
            ?? SharedFeatures(use.definitions, seed: Self.seed())
          next.stores[key] = store
        }
        if let known = served.pipelines[definition.name],
          known.definition.digest == definition.digest
        {
          next.pipelines[definition.name] = known
        } else {
          next.pipelines[definition.name] = Pipeline(definition, features: store)
        }
      }
      served = next
    }
  }

  /// The pipeline of a name; `nil` if there is none.
  package func pipeline(named name: String) -> Pipeline? {
    served.withLock { $0.pipelines[name] }
  }

  /// The names of all pipelines, sorted.
  package var names: [String] { served.withLock { $0.pipelines.keys.sorted() } }

  /// A port for the calling thread, which must be that of `eventLoop` and of `inference`.
  package func makePort(on eventLoop: any EventLoop, inference: InferencePort) -> DecisionPort {
    DecisionPort(engine: self, on: eventLoop, inference: inference)
  }

  private static func seed() -> (UInt64, UInt64) {
    (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
  }
}
