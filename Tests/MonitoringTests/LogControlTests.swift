import Foundation
import Logging
import Monitoring
import Testing

@Suite struct LogControlTests {
  private func makeControl(_ folder: TemporaryFolder) throws -> LogControl {
    var settings = LogSettings()
    settings.logFile = folder.file("log.txt")
    return try LogControl(settings: settings)
  }

  @Test func `severities switch off and on while the server runs`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    let logger = control.makeLogger(label: "test")
    logger.info("one")
    try control.update(["log_info": .bool(false)])
    logger.info("two")
    logger.warning("three")
    try control.update(["log_warning": .bool(false)])
    logger.warning("four")
    logger.error("five")
    try control.update(["log_error": .bool(false)])
    logger.error("six")
    control.flush()
    let text = try folder.text("log.txt")
    let words = text.split(separator: "\n").map { $0.split(separator: " ").last.map(String.init) }
    #expect(words == ["one", "three", "five"])
  }

  @Test func `the verbose level lets debug through at one and trace at two`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    let logger = control.makeLogger(label: "test")
    #expect(logger.logLevel == .info)
    logger.debug("hidden")
    try control.update(["log_verbose_level": .number(1)])
    logger.debug("debug")
    logger.trace("hidden")
    try control.update(["log_verbose_level": .number(2)])
    logger.trace("trace")
    control.flush()
    let lines = try folder.text("log.txt").split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { $0.hasPrefix("V") })
  }

  @Test func `the format changes from one line to the next`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    var logger = control.makeLogger(label: "test")
    logger[metadataKey: "request_id"] = "7"
    logger.info("a")
    try control.update(["log_format": .text("json")])
    logger.info("b")
    control.flush()
    let lines = try folder.text("log.txt").split(separator: "\n")
    #expect(lines.first?.hasSuffix("test] a request_id=7") == true)
    #expect(lines.last?.contains("\"request_id\":\"7\"") == true)
  }

  @Test(arguments: [
    (["log_info": .text("yes")], "'log_info' must be true or false, got 'yes'"),
    (["log_verbose_level": .bool(true)], "'log_verbose_level' must be a number from 0 to"),
    (["log_verbose_level": .number(1 << 40)], "got 1099511627776"),
    (["log_format": .text("xml")], "use default, ISO8601 or json"),
    (["log_file": .text("/tmp/x")], "log file location can not be updated"),
    (["log_colour": .bool(true)], "unknown log setting 'log_colour'"),
  ] as [([String: LogSettingValue], String)])
  func `a wrong change is refused with its value and what is allowed`(
    change: [String: LogSettingValue], expected: String
  ) throws {
    let control = try LogControl(settings: LogSettings())
    let error = #expect(throws: SettingsError.self) { try control.update(change) }
    #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
  }

  @Test func `a change with one wrong value changes nothing`() throws {
    let control = try LogControl(settings: LogSettings())
    #expect(throws: SettingsError.self) {
      try control.update(["log_error": .bool(false), "log_info": .number(3)])
    }
    #expect(control.settings == LogSettings())
  }

  @Test func `a log file that cannot be written is said at start`() {
    var settings = LogSettings()
    settings.logFile = "/nowhere/at/all/log.txt"
    let error = #expect(throws: SettingsError.self) { try LogControl(settings: settings) }
    #expect(error?.message.contains("'/nowhere/at/all/log.txt'") == true)
  }

  @Test func `a renamed log file is followed only after it is opened again`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    let logger = control.makeLogger(label: "test")
    logger.info("before")
    control.flush()
    try FileManager.default.moveItem(
      atPath: folder.file("log.txt"), toPath: folder.file("log.1.txt"))
    try control.reopen()
    logger.info("after")
    control.flush()
    #expect(try folder.text("log.1.txt").contains("before"))
    #expect(try folder.text("log.txt").contains("after"))
  }

  @Test func `lines beyond the buffer are dropped and their number is written`() throws {
    let folder = try TemporaryFolder()
    let writer = try LineWriter(path: folder.file("log.txt"), bufferBytesMax: 10)
    writer.append("0123456789abcdef\n")
    writer.append("short\n")
    writer.flush()
    #expect(writer.dropped == 1)
    let text = try folder.text("log.txt")
    #expect(text.contains("short\n"))
    #expect(text.contains("1 log lines dropped"))
  }
}
