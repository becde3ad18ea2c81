import Testing

@testable import Features

@Suite struct TextTests {
  private func double(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    return NumberText.double(bytes.span, 0..<bytes.count)
  }

  @Test func `numbers are those of the standard library, bit by bit`() {
    let seed: UInt64 = 5
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      var text = Bool.random(using: &random) ? "-" : ""
      text += String(random.next() >> UInt64.random(in: 0...63, using: &random))
      if Bool.random(using: &random) {
        text += "." + String(random.next() >> UInt64.random(in: 0...63, using: &random))
      }
      if Int.random(in: 0...3, using: &random) == 0 {
        text += "e\(Int.random(in: -30...30, using: &random))"
      }
      #expect(double(text)?.bitPattern == Double(text)?.bitPattern, "\(text)")
    }
    let values = [
      Double.leastNonzeroMagnitude, 1.7976931348623157e308, 0.1, 57.160000000000004, 1e23,
    ]
    for value in values {
      #expect(double("\(value)") == value)
    }
  }

  @Test(arguments: [
    "", "-", ".5", "5.", "1e", "1e+", "0x1", "inf", "nan", "1,5", " 1", "1 ", "1e400",
  ])
  func `what is no finite number is refused`(text: String) {
    #expect(double(text) == nil)
  }

  @Test func `whole numbers fill 64 bits`() {
    for value in [Int64.min, .min + 1, -1, 0, 7, .max] {
      let bytes = Array("\(value)".utf8)
      #expect(NumberText.integer(bytes.span, 0..<bytes.count) == value)
      var digits: [UInt8] = []
      DecimalText.forEachDigit(value) { digits.append($0) }
      #expect(digits == bytes)
    }
    for text in ["9223372036854775808", "-9223372036854775809", "", "-", "1.0", "+1"] {
      let bytes = Array(text.utf8)
      #expect(NumberText.integer(bytes.span, 0..<bytes.count) == nil)
    }
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", Int64(0)), ("2026-05-01T12:00:00Z", 1_777_636_800_000_000_000),
    ("2026-05-01 14:00:00.5+02:00", 1_777_636_800_500_000_000),
    ("2024-02-29t00:00:00.000000001z", 1_709_164_800_000_000_001),
    ("1969-12-31T23:59:59-00:00", -1_000_000_000),
  ])
  func `instants of RFC 3339`(text: String, nanoseconds: Int64) {
    #expect(Instant.parse(text) == nanoseconds)
  }

  @Test(arguments: [
    "2026-05-01", "2026-05-01T12:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-05-01T24:00:00Z", "2026-05-01T12:00:00.Z", "2026-05-01T12:00:00.1234567890Z",
    "2026-05-01T12:00:00+2:00", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "x",
  ])
  func `what is no instant is refused`(text: String) {
    #expect(Instant.parse(text) == nil)
  }

  @Test(arguments: [
    ("1777636800", TimeUnit.seconds, Int64?(1_777_636_800_000_000_000)),
    ("1777636800.25", .seconds, 1_777_636_800_250_000_000),
    ("1.7776368e9", .seconds, 1_777_636_800_000_000_000),
    ("1777636800123", .milliseconds, 1_777_636_800_123_000_000),
    ("1777636800123456789", .nanoseconds, 1_777_636_800_123_456_789),
    ("1777636800.1234567891", .seconds, nil), ("1777636800000", .seconds, nil),
    ("0.5", .nanoseconds, nil), ("", .seconds, nil), ("1e40", .seconds, nil),
  ])
  func `instants as numbers are exact or refused`(
    text: String, unit: TimeUnit, nanoseconds: Int64?
  ) {
    let bytes = Array(text.utf8)
    #expect(InstantText.nanoseconds(bytes.span, 0..<bytes.count, unit: unit) == nanoseconds)
  }

  @Test func `SipHash gives the published values`() {
    let bytes = Array(UInt8(0)...15)
    func key(_ range: Range<Int>) -> UInt64 {
      range.reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
    }
    let hash = SipHash(key(0..<8), key(8..<16))
    let empty = hash.hash([UInt8]().span)
    #expect(empty.low == 0xE6A8_25BA_047F_81A3 && empty.high == 0x9302_55C7_1472_F66D)
    let one = hash.hash([UInt8(0)].span)
    #expect(one.low == 0x44AF_996B_D8C1_87DA && one.high == 0x45FC_229B_1159_7634)
  }

  @Test func `spans of time`() {
    #expect(SpanText.nanoseconds("90s") == 90_000_000_000)
    #expect(SpanText.nanoseconds("7d") == 604_800_000_000_000)
    #expect(SpanText.nanoseconds("0") == 0)
    for text in ["", "5", "m", "-5m", "1.5h", "5 m", "99999999999999d", "5M"] {
      #expect(SpanText.nanoseconds(text) == nil)
    }
    #expect(SpanText.text(604_800_000_000_000) == "1w" && SpanText.text(90_000_000_000) == "90s")
  }

  @Test func `the names that an expression reads`() {
    let names = ["a", "v.count_5m", "at", "b"]
    #expect(
      ExpressionNames.used(in: "at.getHours() > 3 && v.count_5m + a < 1", among: names)
        == [0, 1, 2])
    #expect(ExpressionNames.used(in: "'b' == \"a\\\"b\" || a > 1.0", among: names) == [0])
  }
}
