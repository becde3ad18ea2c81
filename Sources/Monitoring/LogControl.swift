package import Logging
private import Foundation
private import Synchronization

/// The server's log: its settings, changeable while it runs, and the handlers that obey them.
///
/// Any thread. A line that is switched off costs one relaxed atomic load.
package final class LogControl: Sendable {
  private let current: Mutex<LogSettings>
  /// What ``current`` switches on, as one number: see ``LogGate``.
  private let gate: Atomic<UInt32>
  private let writer: LineWriter
  private let process: Int32

  /// - Throws: ``SettingsError`` if the log file cannot be opened, or the format is unknown.
  package init(settings: LogSettings) throws(SettingsError) {
    guard LogFormat(rawValue: settings.format) != nil else {
      throw SettingsError(
        "log format '\(settings.format)' is unknown; use default, ISO8601 or json")
    }
    current = Mutex(settings)
    gate = Atomic(LogGate(settings).rawValue)
    writer = try LineWriter(path: settings.logFile)
    process = getpid()
  }

  /// The settings in force.
  package var settings: LogSettings { current.withLock { $0 } }

  /// Lines dropped because the log was written slower than it was filled.
  package var dropped: UInt64 { writer.dropped }

  /// Applies `changes`, all or none.
  ///
  /// - Throws: ``SettingsError`` as ``LogSettings/applying(_:)`` says.
  package func update(_ changes: [String: LogSettingValue]) throws(SettingsError) {
    let result = current.withLock { settings -> Result<Void, SettingsError> in
      do throws(SettingsError) {
        settings = try settings.applying(changes)
        gate.store(LogGate(settings).rawValue, ordering: .relaxed)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// A handler for a `Logger` with this label.
  package func makeHandler(label: String) -> any LogHandler {
    ControlledLogHandler(label: label, control: self)
  }

  /// A logger with this label whose lines obey these settings.
  package func makeLogger(label: String) -> Logger {
    Logger(label: label) { makeHandler(label: $0) }
  }

  /// Returns once every line so far is written.
  package func flush() { writer.flush() }

  /// Opens the log file again by its name, as after a rotation.
  ///
  /// - Throws: ``SettingsError`` if it cannot be opened; the old file stays in use.
  package func reopen() throws(SettingsError) { try writer.reopen() }

  /// The least severe level that is written now.
  var threshold: Logger.Level { LogGate(rawValue: gate.load(ordering: .relaxed)).threshold }

  func passes(_ level: Logger.Level) -> Bool {
    LogGate(rawValue: gate.load(ordering: .relaxed)).passes(level)
  }

  func write(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    let line = LogLine(
      wallNanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec),
      level: event.level, process: process, label: label, message: "\(event.message)",
      metadata: metadata)
    let format = current.withLock { LogFormat(rawValue: $0.format) } ?? .plain
    writer.append(line.text(format))
  }
}

/// What the settings switch on, packed into one number that an atomic can hold.
struct LogGate {
  private static let error: UInt32 = 1
  private static let warning: UInt32 = 2
  private static let info: UInt32 = 4
  private static let debug: UInt32 = 8
  private static let trace: UInt32 = 16

  let rawValue: UInt32

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(_ settings: LogSettings) {
    rawValue =
      (settings.logError ? Self.error : 0) | (settings.logWarning ? Self.warning : 0)
      | (settings.logInfo ? Self.info : 0) | (settings.verboseLevel >= 1 ? Self.debug : 0)
      | (settings.verboseLevel >= 2 ? Self.trace : 0)
  }

  func passes(_ level: Logger.Level) -> Bool {
    let bit =
      switch level {
      case .trace: Self.trace
      case .debug: Self.debug
      case .info, .notice: Self.info
      case .warning: Self.warning
      case .error, .critical: Self.error
      }
    return rawValue & bit != 0
  }

  /// The least severe level that passes; `critical` if none does.
  var threshold: Logger.Level {
    Logger.Level.allCases.first(where: passes) ?? .critical
  }
}

/// Writes through a ``LogControl`` what its settings let pass.
struct ControlledLogHandler: LogHandler {
  let label: String
  let control: LogControl
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  /// Set by code that wants its own level; the settings apply where it is `nil`.
  private var override: Logger.Level?

  init(label: String, control: LogControl) {
    self.label = label
    self.control = control
  }

  var logLevel: Logger.Level {
    get { override ?? control.threshold }
    set { override = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    guard override != nil || control.passes(event.level) else { return }
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    if let error = event.error { all["error"] = "\(error)" }
    control.write(event, label: label, metadata: all)
  }
}
