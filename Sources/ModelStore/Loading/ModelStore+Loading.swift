internal import Logging

extension ModelStore {
  /// Loads what `rule` asks for of a model, publishes it, and lets go of what it replaces.
  ///
  /// Only one call for a model at a time. What cannot be loaded leaves what serves alone.
  func performLoad(
    _ folder: ModelFolder, override: ParsedConfiguration?, rule: ManagedModel.ReloadRule
  ) async -> Result<Void, StoreError> {
    let name = folder.name
    if isStopping {
      return .failure(
        StoreError(.unavailable, "failed to load '\(name)': the server is stopping"))
    }
    let read = await readConfiguration(folder, override: override)
    let parsed: ParsedConfiguration
    switch read {
    case .failure(let failure): return await refuse(folder, failure.description)
    case .success(let configuration): parsed = configuration
    }
    let wanted = parsed.servedVersions(of: folder.versions)
    if wanted.isEmpty {
      return await refuse(folder, parsed.noVersionText(of: folder.versions))
    }
    let model = models[name] ?? ManagedModel()
    let versions = model.versionsToLoad(wanted, folder: folder, rule: rule)
    if versions.isEmpty, model.problem.isEmpty, model.isServingOnly(wanted) { return .success(()) }
    await waitForRetirement(of: versions, in: name)
    begin(versions, of: wanted, folder: folder, isOverridden: override != nil)
    let loader = VersionLoader(
      modelName: name, folder: folder.path, parsed: parsed, runtimes: runtimes,
      modelSettings: options.modelSettings[name] ?? ModelSettings(),
      autoComplete: !options.disableAutoComplete)
    let problems = await load(versions, with: loader)
    let retired = problems.isEmpty ? retire(except: wanted, in: name) : []
    updateAliases(of: name)
    await publish()
    for version in retired { release(version, of: name) }
    return problems.isEmpty ? .success(()) : fail(name, problems.joined(separator: "\n"))
  }

  private func fail(_ name: String, _ reason: String) -> Result<Void, StoreError> {
    .failure(StoreError(.loadFailed, "failed to load '\(name)': \(reason)"))
  }

  private func readConfiguration(
    _ folder: ModelFolder, override: ParsedConfiguration?
  ) async -> Result<ParsedConfiguration, ConfigurationFailure> {
    if let override { return .success(override) }
    return await scans.run(.normal) {
      do throws(ConfigurationFailure) {
        return .success(try folder.readConfiguration())
      } catch {
        return .failure(error)
      }
    }
  }

  /// Notes that a model as a whole cannot be loaded; what serves keeps serving.
  private func refuse(_ folder: ModelFolder, _ reason: String) async -> Result<Void, StoreError> {
    var model = models[folder.name] ?? ManagedModel()
    if model.problem == reason { return fail(folder.name, reason) }
    model.problem = reason
    models[folder.name] = model
    logger.error("failed to load '\(folder.name)': \(reason)")
    await publish()
    return fail(folder.name, reason)
  }

  /// A version that is leaving must be gone before it is loaded again.
  private func waitForRetirement(of versions: [Int64], in name: String) async {
    for version in versions {
      guard let signal = models[name]?.slots[version]?.retiring else { continue }
      await signal.wait()
      finishRelease(of: version, in: name)
    }
  }

  private func begin(
    _ versions: [Int64], of wanted: [Int64], folder: ModelFolder, isOverridden: Bool
  ) {
    var model = models[folder.name] ?? ManagedModel()
    model.problem = ""
    model.forgetFailures(except: wanted)
    for version in versions {
      var slot = model.slots[version] ?? ManagedModel.Slot()
      _ = slot.lifecycle.handle(.loadStarted)
      slot.stamps = folder.versionStamps[version] ?? []
      model.slots[version] = slot
    }
    model.sharedStamps = folder.sharedStamps
    if !versions.isEmpty { model.isOverridden = isOverridden }
    models[folder.name] = model
  }

  /// Loads `versions` side by side; returns why each one failed that did.
  private func load(_ versions: [Int64], with loader: VersionLoader) async -> [String] {
    await withTaskGroup(of: (Int64, Result<ServableVersion, StoreError>).self) { group in
      for version in versions {
        group.addTask { (version, await self.loadVersion(version, with: loader)) }
      }
      var problems: [(Int64, String)] = []
      for await (version, result) in group {
        if let reason = finishLoad(version, of: loader.modelName, result) {
          problems.append((version, reason))
        }
      }
      return problems.sorted { $0.0 < $1.0 }.map { "version \($0.0): \($0.1)" }
    }
  }

  private nonisolated func loadVersion(
    _ version: Int64, with loader: VersionLoader
  ) async -> Result<ServableVersion, StoreError> {
    // Threads inherit the priority of the one that starts them, and the runtime's own will serve.
    let priority: LoadingThreads.Priority = loader.startsRuntimeThreads ? .normal : .low
    let loaded = await threads.run(priority) { () -> Result<ServableVersion, StoreError> in
      do throws(LoadProblem) {
        return .success(try loader.load(version: version))
      } catch {
        return .failure(StoreError(.loadFailed, error.text))
      }
    }
    guard case .success(let servable) = loaded else { return loaded }
    return await threads.run(.normal) { [host] in
      do throws(StoreError) {
        try host.prepare(servable)
        return .success(servable)
      } catch {
        return .failure(error)
      }
    }
  }

  /// Takes over a loaded version, or notes why there is none; returns that reason.
  private func finishLoad(
    _ version: Int64, of name: String, _ result: Result<ServableVersion, StoreError>
  ) -> String? {
    guard var slot = models[name]?.slots[version] else { return nil }
    let reason: String?
    switch result {
    case .success(let servable):
      _ = slot.lifecycle.handle(.loadSucceeded)
      if let old = slot.servable { giveBack(after: old.release) }
      slot.servable = servable
      reason = nil
      logger.info("loaded '\(name)' version \(version)")
    case .failure(let error):
      _ = slot.lifecycle.handle(.loadFailed(reason: error.message))
      reason = error.message
      logger.error("failed to load '\(name)' version \(version): \(error.message)")
    }
    models[name]?.slots[version] = slot
    return reason
  }

  private func giveBack(after release: ReleaseSignal) {
    let scans = scans
    Task {
      await release.wait()
      await scans.run(.low) { FreedMemory.giveBack() }
    }
  }

  /// Names of versions come from the newest configuration that serves.
  private func updateAliases(of name: String) {
    guard let model = models[name], let newest = model.serving.last,
      let configuration = model.slots[newest]?.servable?.configuration
    else { return }
    models[name]?.aliases = configuration.settings.aliases
  }

  /// Takes every serving version but `kept` out of service; they leave with the next publication.
  private func retire(except kept: [Int64], in name: String) -> [Int64] {
    guard var model = models[name] else { return [] }
    var retired: [Int64] = []
    for version in model.serving where !kept.contains(version) {
      guard var slot = model.slots[version], slot.lifecycle.handle(.unloadStarted) else { continue }
      slot.retiring = slot.servable?.release
      slot.servable = nil
      model.slots[version] = slot
      retired.append(version)
    }
    models[name] = model
    return retired
  }

  /// Waits in the background for the last lease of a retired version.
  private func release(_ version: Int64, of name: String) {
    guard let signal = models[name]?.slots[version]?.retiring else { return }
    Task {
      await signal.wait()
      self.finishRelease(of: version, in: name)
      await scans.run(.low) { FreedMemory.giveBack() }
    }
  }

  private func finishRelease(of version: Int64, in name: String) {
    guard var slot = models[name]?.slots[version], let signal = slot.retiring, signal.hasFired
    else { return }
    _ = slot.lifecycle.handle(.released)
    slot.retiring = nil
    models[name]?.slots[version] = slot
    logger.info("unloaded '\(name)' version \(version)")
  }

  /// Takes a model out of service and returns once its last lease is gone.
  func performUnload(_ name: String) async {
    let retired = retire(except: [], in: name)
    await publish()
    let leaving = models[name]?.slots.filter { $0.value.retiring != nil }.map(\.key) ?? []
    for version in leaving.sorted() {
      await models[name]?.slots[version]?.retiring?.wait()
      finishRelease(of: version, in: name)
    }
    if !retired.isEmpty { await scans.run(.low) { FreedMemory.giveBack() } }
    models[name]?.problem = ""
    models[name]?.forgetFailures(except: [])
  }
}
