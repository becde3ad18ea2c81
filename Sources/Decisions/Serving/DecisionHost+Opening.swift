internal import Features
package import Inference
internal import Records
internal import Synchronization

extension DecisionHost {
  /// Opens everything that the options name, and serves it.
  ///
  /// - Parameters:
  ///   - models: where tiers ask; the models must be served already, and are checked.
  ///   - report: is told, on any thread, what happens from then on.
  /// - Throws: everything that is wrong; then nothing is left open.
  package static func open(
    _ options: DecisionHostOptions, models: InferenceEngine,
    report: @escaping @Sendable (HostNotice) -> Void
  ) async throws(DecisionHostFailure) -> DecisionHost {
    let opening = ControlQueue("decisions.opening")
    return try await opening.run { () throws(DecisionHostFailure) in
      let plan = try HostPlan(options.pipelines)
      let records = try openRecords(options)
      let host = DecisionHost(options, models, records, report)
      do throws(DecisionHostFailure) {
        _ = try host.put(plan)
      } catch {
        host.closeNow()
        throw error
      }
      host.state.withLock { $0.care = HostCare(host) }
      return host
    }
  }

  /// Reads all files again. What is wrong with any leaves everything as it was.
  ///
  /// - Returns: what became of each pipeline, by name.
  /// - Throws: everything that is wrong.
  package func reload() async throws(DecisionHostFailure) -> [PipelineChange] {
    try await control.run { [self] () throws(DecisionHostFailure) in
      guard !state.withLock({ $0.isClosed }) else {
        throw DecisionHostFailure(problems: ["the pipelines were closed"])
      }
      return try put(try HostPlan(options.pipelines))
    }
  }

  /// Writes what waits and closes all stores. Decisions must have ended.
  package func close() async {
    // Nothing in it throws.
    _ = try? await control.run { [self] in closeNow() }
  }

  private func closeNow() {
    let (stores, care) = state.withLock { state in
      defer {
        // A folder is let go of with the last reference to its store.
        state = State()
        state.isClosed = true
      }
      return (Array(state.stores.values), state.care)
    }
    _ = try? engine.serve([])
    care?.stop()
    for store in stores {
      do throws(StoreFailure) {
        try store.close()
      } catch {
        if error != .closed { report(HostNotice(.error, "\(store.path): \(error)")) }
      }
    }
    records?.close()
  }

  private static func openRecords(
    _ options: DecisionHostOptions
  ) throws(DecisionHostFailure) -> RecordStore? {
    guard let folder = options.stateFolder else { return nil }
    if let problem = HostFiles.makeFolder(folder + "/features") {
      throw DecisionHostFailure(problems: [problem])
    }
    do throws(RecordFailure) {
      return try RecordStore(path: folder + "/records.sqlite")
    } catch {
      throw DecisionHostFailure(problems: [error.description])
    }
  }
}

// Putting a plan in place of the one before.
extension DecisionHost {
  private func put(_ plan: HostPlan) throws(DecisionHostFailure) -> [PipelineChange] {
    try check(plan)
    let stores = try stores(plan)
    let before = state.withLock { $0.plan?.definitions ?? [] }
    var byPath: [String: FeatureStore] = [:]
    for definition in plan.definitions {
      guard let use = definition.features else { continue }
      byPath[use.path] = stores[HostFiles.canonical(use.path)]
    }
    do throws(StoreFailure) {
      try engine.serve(plan.definitions, stores: byPath)
    } catch {
      throw DecisionHostFailure(problems: [error.description])
    }
    state.withLock { state in
      state.plan = plan
      state.stores = stores
      state.table = FeedTable(plan.views.compactMap { stores[$0.key] })
    }
    return Self.changes(from: before, to: plan.definitions)
  }

  /// The models against the tiers, and the views against those whose state is in use.
  private func check(_ plan: HostPlan) throws(DecisionHostFailure) {
    var problems: [String] = []
    for definition in plan.definitions {
      problems += modelQueue.wait { [models] in definition.modelProblems(models) }
    }
    let open = state.withLock { $0.stores }
    for views in plan.views {
      guard let store = open[views.key], store.definitions.digest != views.definitions.digest
      else { continue }
      let fix =
        options.stateFolder == nil
        ? "start again; features are kept in memory and begin anew"
        : "start again with --rebuild-features, which builds their state from the log of events"
      problems.append("\(views.path): the views have changed while their state is in use; \(fix)")
    }
    guard problems.isEmpty else { throw DecisionHostFailure(problems: problems) }
  }

  /// The stores of a plan, those that are open and those to be opened.
  private func stores(_ plan: HostPlan) throws(DecisionHostFailure) -> [String: FeatureStore] {
    var stores = state.withLock { $0.stores }
    var opened: [FeatureStore] = []
    for views in plan.views where stores[views.key] == nil {
      do throws(DecisionHostFailure) {
        let store = try open(views)
        opened.append(store)
        try AttributeFiles.load(views, into: store, report)
        stores[views.key] = store
      } catch {
        for store in opened { _ = try? store.close() }
        throw error
      }
    }
    return stores
  }

  private func open(_ views: HostPlan.Views) throws(DecisionHostFailure) -> FeatureStore {
    do throws(StoreFailure) {
      guard let folder = options.stateFolder else { return try .volatile(views.definitions) }
      var storeOptions = StoreOptions()
      storeOptions.rebuilds = options.rebuildsFeatures
      let path = folder + "/features/" + HostFiles.stem(views.path)
      let store = try FeatureStore.open(views.definitions, path: path, storeOptions)
      report(HostRecovery.notice(store, views.path))
      return store
    } catch {
      var text = error.description
      if case .otherDefinitions(let path, _, _) = error {
        text =
          "\(views.path): the views are not those whose state is in \(path); start with "
          + "--rebuild-features, which builds it anew from the log of events, or use another folder"
      }
      throw DecisionHostFailure(problems: [text])
    }
  }

  private static func changes(
    from before: [PipelineDefinition], to after: [PipelineDefinition]
  ) -> [PipelineChange] {
    var changes = after.map { definition in
      let known = before.first { $0.name == definition.name }
      let kind: PipelineChange.Kind =
        known == nil ? .added : known?.digest == definition.digest ? .unchanged : .changed
      return PipelineChange(name: definition.name, kind: kind, digest: definition.digest)
    }
    for definition in before where !after.contains(where: { $0.name == definition.name }) {
      changes.append(
        PipelineChange(name: definition.name, kind: .removed, digest: definition.digest))
    }
    return changes.sorted { $0.name < $1.name }
  }
}
