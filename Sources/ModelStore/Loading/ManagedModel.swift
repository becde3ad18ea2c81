/// What the store knows of one model: its versions and how they came to be.
struct ManagedModel: Sendable {
  /// One version number of the model.
  struct Slot: Sendable {
    var lifecycle = VersionLifecycle()
    /// The store's own lease of what serves; `nil` while nothing does.
    var servable: ServableVersion?
    /// The files as they were when last loaded, also if that failed.
    var stamps: [FileStamp] = []
    /// Fires when what was unloaded is gone.
    var retiring: ReleaseSignal?
  }

  /// When a version that has been loaded, or failed to, is loaded again.
  enum ReloadRule: Sendable {
    /// If its files are others now.
    case changed
    /// That, or if it does not serve.
    case changedOrFailed
    /// Always.
    case always
  }

  var slots: [Int64: Slot] = [:]
  var aliases: [String: Int64] = [:]
  /// The files that concern all versions, as they were when last loaded.
  var sharedStamps: [FileStamp] = []
  /// Whether the last load used a configuration or files that came with the request.
  var isOverridden = false
  /// Why the model as a whole could not be loaded; empty if it could.
  var problem = ""

  /// The versions of `wanted` that `rule` asks to load now.
  func versionsToLoad(
    _ wanted: [Int64], folder: ModelFolder, rule: ReloadRule
  ) -> [Int64] {
    let isAll = sharedStamps != folder.sharedStamps || isOverridden
    return wanted.filter { version in
      guard let slot = slots[version], !isAll else { return true }
      if slot.stamps != folder.versionStamps[version] ?? [] { return true }
      switch rule {
      case .always: return true
      case .changedOrFailed:
        return !slot.lifecycle.isServing || !slot.lifecycle.lastFailure.isEmpty
      case .changed: return slot.lifecycle.state == .unknown || slot.isUnloaded
      }
    }
  }

  /// The numbers of the versions that serve.
  var serving: [Int64] {
    slots.filter { $0.value.lifecycle.isServing }.map(\.key).sorted()
  }

  /// Whether every version that serves or failed is one of `wanted`.
  func isServingOnly(_ wanted: [Int64]) -> Bool {
    slots.allSatisfy { wanted.contains($0.key) || $0.value.isUnloaded }
  }

  /// Drops the versions that do not serve for another reason than that they were unloaded: nobody
  /// wants them any more.
  mutating func forgetFailures(except kept: [Int64]) {
    slots = slots.filter { version, slot in
      kept.contains(version) || slot.lifecycle.isServing || slot.isUnloaded
    }
  }

  /// The model as it is published.
  func published(name: String) -> ServableModel {
    var versions: [Int64: ServableVersion] = [:]
    for (number, slot) in slots where slot.lifecycle.isServing {
      versions[number] = slot.servable
    }
    var names = aliases
    names["latest"] = versions.keys.max()
    return ServableModel(name: name, versions: versions, aliases: names)
  }

  /// The rows of the repository index.
  func indexEntries(name: String) -> [IndexEntry] {
    var entries: [IndexEntry] = []
    if !problem.isEmpty {
      entries.append(IndexEntry(name: name, version: "", state: .unavailable, reason: problem))
    }
    for (number, slot) in slots.sorted(by: { $0.key < $1.key }) {
      let (state, reason) = slot.lifecycle.indexed
      entries.append(
        IndexEntry(name: name, version: String(number), state: state, reason: reason))
    }
    if entries.isEmpty {
      entries.append(IndexEntry(name: name, version: "", state: nil, reason: ""))
    }
    return entries
  }

  /// Whether everything that should serve does.
  var isSettled: Bool {
    problem.isEmpty && slots.values.allSatisfy { $0.lifecycle.isServing || $0.isUnloaded }
  }
}

extension ManagedModel.Slot {
  /// Whether the version was unloaded on purpose, or is being so.
  var isUnloaded: Bool {
    switch lifecycle.state {
    case .unloading: true
    case .unavailable(let reason): reason == "unloaded"
    case .unknown, .loading, .ready, .reloading: false
    }
  }
}
