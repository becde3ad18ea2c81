package import Features
internal import Inference
package import Records
internal import Synchronization

/// Pipelines as they serve, with all that they need: features, records, and their care.
///
/// The control plane; any thread. Event loops decide through ports of its ``engine``.
package final class DecisionHost: Sendable {
  package let options: DecisionHostOptions
  package let engine: DecisionEngine
  /// `nil` without a folder of state.
  package let records: RecordStore?
  let report: @Sendable (HostNotice) -> Void
  /// Opens, reloads and closes.
  let control = ControlQueue("decisions.control")
  /// Resolves models; never blocked for long, since models wait for it to be published.
  let modelQueue = ControlQueue("decisions.models")
  let models: InferencePort
  let state = Mutex(State())

  struct State: Sendable {
    var plan: HostPlan?
    /// By the key of a file of views; those that are no longer served stay until the end.
    var stores: [String: FeatureStore] = [:]
    var table = FeedTable([])
    var care: HostCare?
    var isClosed = false
  }

  init(
    _ options: DecisionHostOptions, _ models: InferenceEngine, _ records: RecordStore?,
    _ report: @escaping @Sendable (HostNotice) -> Void
  ) {
    self.options = options
    self.records = records
    self.report = report
    // On the queue that is the port's thread from then on.
    self.models = modelQueue.wait { [modelQueue] in models.makePort(executor: modelQueue) }
    engine = DecisionEngine(recorder: records.map { StoreRecorder($0) })
  }

  /// Every source of every file of views that is served.
  package var feeds: [EventFeed] { state.withLock { $0.table.feeds } }

  /// The source of a name; `nil` if none is served.
  package func feed(named name: String) -> EventFeed? {
    state.withLock { $0.table.feeds.first { $0.name == name } }
  }

  /// Every view of attributes that is served.
  package var attributeFeeds: [AttributeFeed] { state.withLock { $0.table.attributes } }

  /// The view of attributes of a name; `nil` if none is served.
  package func attributes(named view: String) -> AttributeFeed? {
    state.withLock { $0.table.attributes.first { $0.name == view } }
  }

  /// Every service of features that is served.
  package var services: [FeatureService] { state.withLock { $0.table.services } }

  /// The service of a name; `nil` if none is served.
  package func service(named name: String) -> FeatureService? {
    state.withLock { $0.table.services.first { $0.name == name } }
  }

  /// The stores of features in use, each with the path of its file of views.
  package var stores: [(views: String, store: FeatureStore)] {
    state.withLock { state in
      (state.plan?.views ?? []).compactMap { views in
        state.stores[views.key].map { (views.path, $0) }
      }
    }
  }

  /// The file of a pipeline; `nil` if it is not served.
  package func file(ofPipeline name: String) -> String? {
    state.withLock { state in
      guard let index = state.plan?.definitions.firstIndex(where: { $0.name == name }) else {
        return nil
      }
      return options.pipelines[index]
    }
  }
}
