import Foundation
import Inference
import Monitoring
import Testing
import Timing

@Suite struct RequestLogTests {
  private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  private static func entry(_ error: InferenceError?) -> RequestLog.Entry {
    RequestLog.Entry(
      door: "http", model: "digits", version: "1", id: "r-7", traceparent: traceparent,
      error: error, received: MonotonicInstant(nanoseconds: 1_000),
      encodedAt: MonotonicInstant(nanoseconds: 51_000))
  }

  /// The lines that `body` leaves in a log at this verbosity.
  private static func lines(
    verbose: UInt32, _ body: (RequestLog) -> Void
  ) throws -> [Substring] {
    let folder = try TemporaryFolder()
    var settings = LogSettings()
    settings.logFile = folder.file("requests.log")
    settings.verboseLevel = verbose
    let logs = try LogControl(settings: settings)
    body(RequestLog(logs: logs))
    logs.flush()
    let text = try String(contentsOfFile: settings.logFile, encoding: .utf8)
    return text.split(separator: "\n")
  }

  @Test func `an answer is one line with the request's and the trace's id`() throws {
    let lines = try Self.lines(verbose: 1) { log in
      if log.wants(nil) { log.record(Self.entry(nil)) }
    }
    let line = try #require(lines.first)
    #expect(lines.count == 1 && line.contains("answered"))
    #expect(line.contains("request_id=r-7") && line.contains("us=50"))
    #expect(line.contains("trace_id=4bf92f3577b34da6a3ce929d0e0e4736"))
  }

  @Test func `answers are silent by default, a model's failure is not`() throws {
    let failure = InferenceError(.runFailed, "index out of range")
    let lines = try Self.lines(verbose: 0) { log in
      #expect(!log.wants(nil) && !log.wants(.expired) && log.wants(.runFailed))
      log.record(Self.entry(failure))
    }
    #expect(lines.count == 1)
    #expect(lines.first?.contains("code=RUN_FAILED") == true)
    #expect(lines.first?.contains("reason=\"index out of range\"") == true)
  }

  @Test func `a traceparent that is none gives no trace id`() throws {
    var entry = Self.entry(nil)
    for text in ["", "00-xyz-1-01", "00-00000000000000000000000000000000-1-01", "garbage"] {
      entry.traceparent = text
      let lines = try Self.lines(verbose: 1) { $0.record(entry) }
      #expect(lines.first?.contains("trace_id") == false)
    }
  }
}
