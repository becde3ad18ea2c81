/// Whole numbers as ASCII digits, without allocating.
enum DecimalText {
  /// Calls `body` with the bytes of a number, sign first.
  @inline(__always)
  static func forEachDigit(_ value: Int64, _ body: (UInt8) -> Void) {
    if value < 0 { body(UInt8(ascii: "-")) }
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var rest = value.magnitude
    var count = 0
    repeat {
      digits[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      count += 1
    } while rest > 0
    while count > 0 {
      count -= 1
      body(digits[count])
    }
  }
}
