import Gateway
import Testing

@Suite struct JSONNumberTests {
  private static func number(_ text: String) throws(JSONError) -> JSONNumber {
    let bytes = Array(text.utf8)
    var cursor = JSONCursor(0..<bytes.count)
    let number = try cursor.number(bytes.span)
    try cursor.expectEnd(bytes.span)
    return number
  }

  @Test func `every float reads as the nearest one`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<100_000 {
      let text = Self.randomNumber(&random)
      let bytes = Array(text.utf8)
      let number = try Self.number(text)
      let isExact =
        number.double(in: bytes.span) == Double(text) && number.float(in: bytes.span) == Float(text)
      if !isExact {
        Issue.record("\(text) reads as another number, seed \(seed)")
      }
    }
  }

  /// Texts of all lengths and magnitudes, many of them shortest or exact forms of random bits.
  private static func randomNumber(_ random: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      let value = Double(bitPattern: random.next())
      return value.isFinite ? "\(value)" : "1.5"
    case 1:
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      return value.isFinite ? "\(value)" : "2.5"
    case 2:
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      return value.isFinite ? "\(Double(value))" : "0.1"
    case 3:
      // Halfway between two floats, and a little beside it.
      let low = Float.random(in: 0...1_000, using: &random)
      let middle = (Double(low) + Double(low.nextUp)) / 2
      return Bool.random(using: &random) ? "\(middle)" : "\(middle)00000000001"
    case 4:
      let digits = Int.random(in: 1...25, using: &random)
      var text = "\(Int.random(in: 1...9, using: &random))"
      for _ in 0..<digits { text += "\(Int.random(in: 0...9, using: &random))" }
      return text + "e\(Int.random(in: -60...40, using: &random))"
    default:
      let whole = random.next() >> UInt64.random(in: 0...60, using: &random)
      return "-\(whole).\(random.next())"
    }
  }

  @Test func `integers are exact over all 64 bits`() throws {
    #expect(try Self.number("-9223372036854775808").integer(as: Int64.self) == .min)
    #expect(try Self.number("9223372036854775807").integer(as: Int64.self) == .max)
    #expect(try Self.number("9223372036854775808").integer(as: Int64.self) == nil)
    #expect(try Self.number("-9223372036854775809").integer(as: Int64.self) == nil)
    #expect(try Self.number("18446744073709551615").integer(as: UInt64.self) == .max)
    #expect(try Self.number("18446744073709551616").integer(as: UInt64.self) == nil)
    #expect(try Self.number("-0").integer(as: UInt8.self) == 0)
    #expect(try Self.number("256").integer(as: UInt8.self) == nil)
    #expect(try Self.number("1.0").integer(as: Int64.self) == nil)
    #expect(try Self.number("1e0").integer(as: Int64.self) == nil)
  }

  @Test(arguments: ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1_0", "--1", "1.2.3"])
  func `what is not a number is refused`(_ text: String) {
    #expect(throws: JSONError.self) { try Self.number(text) }
  }

  @Test func `a number of a thousand digits is read, a longer one refused`() throws {
    #expect(try Self.number(String(repeating: "9", count: 1_000)).isExact == false)
    #expect(throws: JSONError.self) { try Self.number(String(repeating: "9", count: 1_025)) }
  }
}
