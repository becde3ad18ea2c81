import Foundation
import Logging
import Monitoring
import Testing

@Suite struct LogLineTests {
  private func line(
    _ message: String = "loaded", level: Logger.Level = .info, metadata: Logger.Metadata = [:]
  ) -> LogLine {
    LogLine(
      wallNanoseconds: 1_716_235_405_829_575_123, level: level, process: 3355,
      label: "needletail.store", message: message, metadata: metadata)
  }

  @Test func `the default format starts with severity, month, day and microseconds`() {
    #expect(
      line().text(.plain) == "I0520 20:03:25.829575 3355 needletail.store] loaded\n")
  }

  @Test func `the ISO 8601 format starts with a date and a severity`() {
    #expect(
      line(level: .warning).text(.iso8601)
        == "2024-05-20T20:03:25Z W 3355 needletail.store] loaded\n")
  }

  @Test func `metadata follows as pairs in order of their names, quoted where they need it`() {
    let text = line(metadata: ["model": "digits", "id": "a b", "empty": "", "q": "x=\"y\""])
      .text(.plain)
    #expect(text.hasSuffix("] loaded empty=\"\" id=\"a b\" model=digits q=\"x=\\\"y\\\"\"\n"))
  }

  @Test func `a message with newlines stays one line`() {
    let text = line("first\nsecond").text(.plain)
    #expect(text.hasSuffix("] \"first\\nsecond\"\n"))
    #expect(text.count { $0 == "\n" } == 1)
  }

  @Test func `a JSON line is one object that parses back`() throws {
    let text = line("a \"quote\"\u{1}\n", metadata: ["trace_id": "0af7"]).text(.json)
    let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    #expect(parsed?["message"] as? String == "a \"quote\"\u{1}\n")
    #expect(parsed?["time"] as? String == "2024-05-20T20:03:25.829575Z")
    #expect(parsed?["level"] as? String == "info")
    #expect(parsed?["trace_id"] as? String == "0af7")
    #expect(parsed?["pid"] as? Int == 3355)
  }

  @Test func `dates agree with the calendar for four centuries`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(state: seed)
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'"
    for _ in 0..<2_000 {
      let seconds = Int64.random(in: 0...8_000_000_000, using: &generator)
      var sample = line()
      sample.wallNanoseconds = seconds * 1_000_000_000
      let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
      #expect(sample.text(.iso8601).hasPrefix(expected))
    }
  }
}

/// SplitMix64: the same walk for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
