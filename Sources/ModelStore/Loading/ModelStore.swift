package import Logging
package import ModelRuntimes

/// Which versions of which models exist, load, serve and leave.
///
/// Operations on one model run one after the other in the order in which they came; those of
/// different models run side by side. Blocking work happens on threads of the store's own.
package actor ModelStore {
  let options: StoreOptions
  let runtimes: [any ModelRuntime]
  let host: any ServingHost
  let logger: Logger
  let threads: LoadingThreads
  /// Looks at files while loads keep `threads` busy.
  let scans = LoadingThreads(limit: 1)

  var models: [String: ManagedModel] = [:]
  /// Folders of a repository that are not models, and why.
  var refused: [String: String] = [:]
  var isStarted = false
  var isStopping = false
  private var tails: [String: Task<Void, Never>] = [:]
  private var publishing: Task<Void, Never>?
  private var polling: Task<Void, Never>?

  /// A store that has looked at nothing yet; see ``start()``.
  package init(
    options: StoreOptions, runtimes: [any ModelRuntime], host: any ServingHost, logger: Logger
  ) {
    self.options = options
    self.runtimes = runtimes
    self.host = host
    self.logger = logger
    threads = LoadingThreads(limit: options.loadThreads)
  }

  /// Loads what the control mode asks for, and returns once each has loaded or failed.
  ///
  /// A model that fails does not throw: it is in ``failures()`` and in the index.
  ///
  /// - Throws: if a repository cannot be read, or a model named for the start does not exist.
  package func start() async throws(StoreError) {
    let scan = await scanned()
    if let repository = scan.unreadable.first {
      throw StoreError(
        .unavailable, "the model repository '\(repository)' is missing or cannot be read")
    }
    refused = scan.refused
    var missing: [String] = []
    switch options.mode {
    case .none, .poll: await follow(scan)
    case .explicit(let names):
      let wanted = names.contains("*") ? scan.names : names
      missing = wanted.filter { scan.models[$0] == nil && scan.refused[$0] == nil }
      for (name, reason) in scan.refused where wanted.contains(name) {
        models[name] = ManagedModel(problem: reason)
      }
      await loadAll(wanted.compactMap { scan.models[$0] })
    }
    isStarted = true
    if case .poll(let seconds) = options.mode { startPolling(seconds: seconds) }
    if let name = missing.first {
      throw StoreError(.notFound, "failed to load '\(name)': no model repository holds it")
    }
  }

  /// Unloads everything and returns once the last request has let go of its model.
  package func stop() async {
    isStopping = true
    polling?.cancel()
    polling = nil
    await withTaskGroup(of: Void.self) { group in
      for name in models.keys {
        group.addTask { await self.serialised(name) { await self.performUnload(name) } }
      }
    }
  }

  /// Everything that the repositories hold and the store knows, sorted by name and version.
  ///
  /// - Parameter readyOnly: leave out what does not serve.
  package func index(readyOnly: Bool) async -> [IndexEntry] {
    let scan = await scanned()
    var entries: [IndexEntry] = []
    for name in Set(models.keys).union(scan.names).sorted() {
      if let model = models[name] {
        entries += model.indexEntries(name: name)
      } else {
        let reason = scan.refused[name] ?? ""
        entries.append(
          IndexEntry(
            name: name, version: "", state: reason.isEmpty ? nil : .unavailable, reason: reason))
      }
    }
    return readyOnly ? entries.filter { $0.state == .ready } : entries
  }

  /// What was asked to load and does not serve, with the reasons.
  package func failures() -> [IndexEntry] {
    var entries: [IndexEntry] = []
    for (name, model) in models.sorted(by: { $0.key < $1.key }) {
      entries += model.indexEntries(name: name).filter {
        $0.state == .unavailable && $0.reason != "unloaded"
      }
    }
    if case .explicit = options.mode { return entries }
    for (name, reason) in refused.sorted(by: { $0.key < $1.key }) where models[name] == nil {
      entries.append(IndexEntry(name: name, version: "", state: .unavailable, reason: reason))
    }
    return entries
  }

  /// Whether the store has started and everything that should serve does.
  package func allReady() -> Bool {
    isStarted && !isStopping && failures().isEmpty && models.values.allSatisfy(\.isSettled)
  }

  /// Looks at the repositories once and follows what changed, as polling does at each turn.
  package func pollOnce() async {
    if isStopping { return }
    let scan = await scanned()
    refused = scan.refused
    for repository in scan.unreadable {
      logger.warning("the model repository '\(repository)' cannot be read; nothing is unloaded")
    }
    await follow(scan)
  }

  private func startPolling(seconds: Double) {
    let interval = seconds.isFinite ? min(max(0.01, seconds), 86_400) : 86_400
    polling = Task { [weak self] in
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(interval))
        if Task.isCancelled { return }
        await self?.pollOnce()
      }
    }
  }

  func scanned() async -> RepositoryScan {
    let (repositories, strictNames) = (options.repositories, options.strictNames)
    return await scans.run(.normal) {
      RepositoryScan.scan(repositories, strictNames: strictNames)
    }
  }

  /// Brings what is loaded in line with `scan`: added, changed and removed models.
  private func follow(_ scan: RepositoryScan) async {
    if scan.unreadable.isEmpty {
      let removed = models.keys.filter { scan.models[$0] == nil && scan.refused[$0] == nil }
      for name in removed.sorted() {
        await serialised(name) {
          await self.performUnload(name)
          await self.forget(name)
        }
      }
      if !removed.isEmpty { await publish() }
    }
    await loadAll(scan.models.keys.sorted().compactMap { scan.models[$0] })
  }

  /// Drops a model that is gone, before anything asked of it later begins.
  private func forget(_ name: String) { models[name] = nil }

  /// Loads what changed of `folders`, side by side; failures stay in the index.
  private func loadAll(_ folders: [ModelFolder]) async {
    await withTaskGroup(of: Void.self) { group in
      for folder in folders {
        group.addTask {
          _ = await self.serialised(folder.name) {
            await self.performLoad(folder, override: nil, rule: .changed)
          }
        }
      }
    }
  }

  /// Runs `operation` after everything that was asked of `model` before.
  func serialised<Value: Sendable>(
    _ model: String, _ operation: @escaping @Sendable () async -> Value
  ) async -> Value {
    let previous = tails[model]
    let task = Task {
      await previous?.value
      return await operation()
    }
    let tail = Task { _ = await task.value }
    tails[model] = tail
    let value = await task.value
    if tails[model] == tail { tails[model] = nil }
    return value
  }

  /// Publishes what serves now; publications follow one another, each newer than the last.
  func publish() async {
    let previous = publishing
    let task = Task {
      await previous?.value
      await self.publishNow()
    }
    publishing = task
    await task.value
  }

  private func publishNow() async {
    var snapshot = StoreSnapshot()
    for (name, model) in models { snapshot.models[name] = model.published(name: name) }
    await host.publish(snapshot)
  }
}
