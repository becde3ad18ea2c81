package import Logging
private import Synchronization

/// The server's tracing: its settings, global and by model, changeable while it runs.
///
/// Any thread. While no setting traces, a request costs one relaxed atomic load.
package final class TraceControl: Sendable {
  private struct State {
    var global: TraceScope
    var models: [String: TraceScope] = [:]
    var nextNumber: UInt64 = 1
  }

  /// Models that may have settings of their own.
  private static let modelsMax = 4_096

  private let defaults: TraceSettings
  private let state: Mutex<State>
  private let isActive: Atomic<Bool>
  private let files: TraceFiles

  /// - Parameters:
  ///   - settings: the settings at start; what a cleared global setting goes back to.
  ///   - logger: told of files that cannot be written.
  /// - Throws: ``SettingsError`` if the settings cannot trace.
  package init(settings: TraceSettings, logger: Logger) throws(SettingsError) {
    if let problem = settings.problem { throw Self.invalid(problem) }
    defaults = settings
    let global = TraceScope(fallback: settings)
    state = Mutex(State(global: global))
    isActive = Atomic(global.sampler.isActive)
    files = TraceFiles(path: settings.file) { logger.error("\($0)") }
  }

  /// Traces lost so far because they were written slower than they were sampled.
  package var dropped: UInt64 { files.dropped }

  /// The settings in force for a model, or for all with "", in the order the protocol lists them.
  package func settings(model: String) -> [(name: String, values: [String])] {
    let settings = state.withLock { ($0.models[model] ?? $0.global).sampler.settings }
    return [
      ("trace_level", [settings.isOn ? "TIMESTAMPS" : "OFF"]),
      ("trace_rate", ["\(settings.rate)"]),
      ("trace_count", ["\(settings.count)"]),
      ("log_frequency", ["\(settings.logFrequency)"]),
      ("trace_file", [settings.file]),
      ("trace_mode", ["triton"]),
    ]
  }

  /// Applies `changes` to a model, or globally with ""; all or none. A `nil` or empty value clears
  /// the setting: a model's back to the global one, a global one back to its value at start.
  /// What was collected under the settings before is written, without waiting for the disk.
  ///
  /// - Throws: ``SettingsError`` for unknown settings and values, and where the result could not
  ///   trace.
  package func update(model: String, _ changes: [String: [String]?]) throws(SettingsError) {
    let change = try TraceChange(changes)
    let result = state.withLock { state -> Result<[TraceSampler.Flush], SettingsError> in
      do throws(SettingsError) {
        return .success(try apply(change, to: model, &state))
      } catch {
        return .failure(error)
      }
    }
    for flush in try result.get() { files.write(flush) }
  }

  /// Counts a request to `model`; whether it is to be traced. Then ``record(_:)`` must follow,
  /// also when the request fails.
  package func shouldTrace(model: String) -> Bool {
    guard isActive.load(ordering: .relaxed) else { return false }
    return state.withLock { state in
      if state.models[model] != nil {
        return state.models[model]?.sampler.shouldTrace() ?? false
      }
      return state.global.sampler.shouldTrace()
    }
  }

  /// Takes a finished trace; never waits for the disk.
  package func record(_ trace: RequestTrace) {
    let flush = state.withLock { state -> TraceSampler.Flush? in
      let json = trace.json(number: state.nextNumber)
      state.nextNumber += 1
      if state.models[trace.model] != nil {
        return state.models[trace.model]?.sampler.collect(json)
      }
      return state.global.sampler.collect(json)
    }
    if let flush { files.write(flush) }
  }

  /// Writes everything collected, and returns once it is on its way to the disk: at shutdown.
  package func flush() {
    let flushes = state.withLock { state -> [TraceSampler.Flush] in
      var result = [state.global.sampler.drain()]
      for name in state.models.keys.sorted() { result.append(state.models[name]?.sampler.drain()) }
      return result.compactMap(\.self)
    }
    for flush in flushes { files.write(flush) }
    files.flush()
  }

  private func apply(
    _ change: TraceChange, to model: String, _ state: inout State
  ) throws(SettingsError) -> [TraceSampler.Flush] {
    var next = state
    var flushes: [TraceSampler.Flush?] = []
    if model.isEmpty {
      flushes.append(next.global.apply(change, fallback: defaults))
      for name in next.models.keys.sorted() {
        flushes.append(
          next.models[name]?.apply(nil, fallback: next.global.sampler.settings))
      }
    } else {
      let isKnown = next.models[model] != nil
      guard isKnown || next.models.count < Self.modelsMax else {
        throw SettingsError(
          "\(Self.modelsMax) models have trace settings of their own already; clear one first")
      }
      var scope = next.models[model] ?? TraceScope(fallback: next.global.sampler.settings)
      flushes.append(scope.apply(change, fallback: next.global.sampler.settings))
      next.models[model] = scope.isEmpty ? nil : scope
    }
    let all = [next.global] + next.models.values
    for scope in all {
      if let problem = scope.sampler.settings.problem { throw Self.invalid(problem) }
    }
    state = next
    isActive.store(all.contains { $0.sampler.isActive }, ordering: .relaxed)
    return flushes.compactMap(\.self)
  }

  private static func invalid(_ problem: String) -> SettingsError {
    SettingsError("Attempting to set invalid trace setting :\(problem)")
  }
}

/// The trace settings of the server or of one model: what was set there, and the rest from the
/// level above.
struct TraceScope: Sendable {
  private var isOn: Bool?
  private var rate: UInt32?
  private var count: Int64?
  private var logFrequency: UInt32?
  var sampler: TraceSampler

  init(fallback: TraceSettings) { sampler = TraceSampler(settings: fallback) }

  /// Whether everything comes from the level above.
  var isEmpty: Bool { isOn == nil && rate == nil && count == nil && logFrequency == nil }

  /// Applies a change, or with `nil` takes over what changed above; what was collected under the
  /// settings before, to be written.
  mutating func apply(_ change: TraceChange?, fallback: TraceSettings) -> TraceSampler.Flush? {
    // A count that was set here has been running down since.
    if count != nil { count = sampler.settings.count }
    if let change {
      change.isOn.applied(to: &isOn)
      change.rate.applied(to: &rate)
      change.count.applied(to: &count)
      change.logFrequency.applied(to: &logFrequency)
    }
    var settings = fallback
    settings.isOn = isOn ?? fallback.isOn
    settings.rate = rate ?? fallback.rate
    settings.count = count ?? fallback.count
    settings.logFrequency = logFrequency ?? fallback.logFrequency
    guard settings != sampler.settings else { return nil }
    let flush = sampler.drain()
    sampler = TraceSampler(settings: settings)
    return flush
  }
}
