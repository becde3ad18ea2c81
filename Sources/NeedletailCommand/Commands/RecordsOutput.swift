import ArgumentParser
import Decisions
import Foundation
import Records

/// How records, times and failures are written and read on the command line.
enum RecordsOutput {
  /// Runs `body`; a failure is told and ends the program with status 1.
  static func failing<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let failure as RecordFailure {
      Terminal.complain(failure.description)
      throw ExitCode(1)
    }
  }

  /// One line for people.
  static func line(_ stored: StoredRecord) -> String {
    let record = stored.record
    var parts = [
      "\(stored.sequence)", time(record.decidedAt), record.id, record.pipeline, record.outcome,
    ]
    if record.isDegraded { parts.append("degraded") }
    if let requestID = record.requestID { parts.append("request \(requestID)") }
    return parts.joined(separator: "  ")
  }

  /// One line of JSON with everything.
  static func json(_ stored: StoredRecord) -> String {
    let record = stored.record
    let json = record.decisionJSON()
    var body = String(decoding: json, as: UTF8.self)
    if (try? JSONSerialization.jsonObject(with: Data(json))) == nil { body = quote(body) }
    let members = [
      "\"sequence\":\(stored.sequence)", "\"id\":\(quote(record.id))",
      "\"request_id\":\(record.requestID.map(quote) ?? "null")",
      "\"pipeline\":\(quote(record.pipeline))",
      "\"pipeline_digest\":\(quote(record.pipelineDigest))",
      "\"decided_at\":\(record.decidedAt)", "\"time\":\(quote(time(record.decidedAt)))",
      "\"outcome\":\(quote(record.outcome))", "\"degraded\":\(record.isDegraded)",
      "\"hash\":\"\(stored.hash.hexadecimal)\"", "\"body\":\(body)",
    ]
    return "{\(members.joined(separator: ","))}"
  }

  /// RFC 3339 with microseconds, of nanoseconds since 1970.
  static func time(_ nanoseconds: Int64) -> String {
    let seconds = nanoseconds.floored(by: 1_000_000_000)
    let micros = (nanoseconds - seconds * 1_000_000_000) / 1_000
    let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    let digits = String(micros + 1_000_000).dropFirst()
    return text.hasSuffix("Z") ? "\(text.dropLast()).\(digits)Z" : text
  }

  /// Nanoseconds since 1970 of an RFC 3339 time.
  static func instant(_ text: String, _ option: String) throws -> Int64 {
    let styles = [
      Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
    ]
    for style in styles {
      guard let date = try? style.parse(text) else { continue }
      let seconds = date.timeIntervalSince1970
      if abs(seconds) < 9e9 { return Int64((seconds * 1e6).rounded()) * 1_000 }
    }
    throw ValidationError("\(option) is '\(text)'; write it as 2026-05-01T12:00:00Z")
  }

  private static func quote(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }
}

extension Int64 {
  /// The quotient by a positive divisor, rounded down.
  fileprivate func floored(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
