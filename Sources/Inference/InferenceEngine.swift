internal import Admission
internal import Batching
package import Logging
internal import ModelRuntimes
package import ModelStore
internal import Synchronization

/// Runs inferences on what the store has loaded. Knows no network.
///
/// Ports (one an event loop) resolve models and submit requests; the store prepares and publishes
/// versions. Mutable state: the snapshot behind one mutex with a generation that ports watch, the
/// versions prepared but not yet published, and the list of ports.
package final class InferenceEngine: Sendable {
  let options: EngineOptions
  private let logger: Logger
  private let snapshot = Mutex(EngineSnapshot())
  /// Grows with each publication; a port that has seen this number has seen the snapshot.
  let generation = Atomic<Int>(0)
  private let prepared = Mutex<[ObjectIdentifier: ServedVersion]>([:])
  private let ports = Mutex<[InferencePort]>([])
  private let sweeper = ExpirySweeper()
  private let reclaimer = Reclaimer()

  package init(options: EngineOptions, logger: Logger) {
    self.options = options
    self.logger = logger
    sweeper.start()
  }

  /// A port for the calling thread, which must be the one that `executor` runs work on.
  package func makePort(executor: any PortExecutor) -> InferencePort {
    let port = InferencePort(engine: self, executor: executor)
    ports.withLock { $0.append(port) }
    // A publication that began before the port was listed does not wait for it.
    port.refresh()
    return port
  }

  /// What is served now. Any thread.
  func currentSnapshot() -> EngineSnapshot { snapshot.withLock { $0 } }

  /// Ends the engine's own threads; nothing may be submitted any more.
  package func shutDown() {
    ports.withLock { $0.removeAll() }
    sweeper.stop()
    reclaimer.flush()
  }
}

extension InferenceEngine: ServingHost {
  /// Creates the version's instances and measures it. Blocking; on a loading thread.
  package func prepare(_ servable: ServableVersion) throws(StoreError) {
    var plan = ServingPlan(servable, options: options)
    var instances: [any ModelInstance] = []
    do throws(RuntimeFailure) {
      for _ in 0..<plan.instances { instances.append(try servable.model.makeInstance()) }
    } catch {
      throw StoreError(.loadFailed, error.message)
    }
    if options.calibrates, let first = instances.first {
      plan.curve = Calibration.measureAside(first, plan: plan)
    }
    plan.runsInline = runsInline(plan, servable.configuration)
    if plan.runsInline { plan.policy.delayNanoseconds = 0 }
    let version = ServedVersion(
      plan: plan, servable: servable, reclaimer: reclaimer, sweeper: sweeper)
    try startThreads(of: version, instances: instances)
    prepared.withLock { $0[ObjectIdentifier(servable)] = version }
    let microseconds = Int(plan.curve.service.batch(rows: 1) / 1_000)
    logger.debug(
      "model prepared",
      metadata: [
        "model": "\(servable.modelName)", "version": "\(servable.version)",
        "execution": "\(plan.runsInline ? "inline" : "threads")", "row_us": "\(microseconds)",
      ])
  }

  /// Swaps what is served, then waits until every port has seen it.
  package func publish(_ store: StoreSnapshot) async {
    let next = engineSnapshot(of: store)
    snapshot.withLock { $0 = next }
    generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
    let ports = ports.withLock { $0 }
    for port in ports { await port.waitForRefresh() }
  }

  private func engineSnapshot(of store: StoreSnapshot) -> EngineSnapshot {
    var known: [ObjectIdentifier: ServedVersion] = [:]
    for model in currentSnapshot().models.values {
      for version in model.versions.values { known[ObjectIdentifier(version.servable)] = version }
    }
    var result = EngineSnapshot()
    for (name, model) in store.models {
      var served = EngineSnapshot.Model(aliases: model.aliases)
      for (number, servable) in model.versions {
        let identity = ObjectIdentifier(servable)
        let fresh = prepared.withLock { $0.removeValue(forKey: identity) }
        served.versions[number] = fresh ?? known[identity]
      }
      served.defaultVersion = model.defaultVersion.flatMap { served.versions[$0.version] }
      result.models[name] = served
    }
    return result
  }

  private func runsInline(_ plan: ServingPlan, _ configuration: ModelConfiguration) -> Bool {
    let wish = EngineOptions.Execution(rawValue: configuration.settings.execution.rawValue)
    switch wish == .auto ? options.execution : wish ?? options.execution {
    case .inline: return true
    case .threads: return false
    case .auto:
      // A delay was asked for: only the threads' queue can hold a batch open.
      guard plan.policy.delayNanoseconds == 0, plan.curve.observations > 0 else { return false }
      let row = plan.curve.service.batch(rows: 1)
      return row <= Double(options.inlineNanosecondsMax)
    }
  }

  private func startThreads(of version: ServedVersion, instances: [any ModelInstance])
    throws(StoreError)
  {
    let group = ThreadGroup()
    reclaimer.register(group, of: version.lane)
    let affinity = version.configuration.settings.cpuAffinity
    for (index, instance) in instances.enumerated() {
      let lane = version.lane
      let shard = version.statistics.makeShard()
      let batches = version.maxBatchSize > 0
      let box = InstanceBox(instance)
      let started = group.start(name: "\(version.name)", affinity: affinity) {
        // Taken out, so that the instance is gone when the body ends, not some time later.
        if let instance = box.take() {
          lane.runInstance(instance, shard: shard, batches: batches)
        }
      }
      guard started else {
        throw StoreError(
          .loadFailed,
          "the system gave no thread for instance \(index) of '\(version.name)'; lower the "
            + "instance count or raise the limit of threads")
      }
    }
  }
}
