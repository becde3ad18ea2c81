/// A number of a document: its sign, digits and exponent, not yet rounded to any type.
package struct JSONNumber: Sendable, Equatable {
  /// Where its text is.
  package var range: Range<Int>
  package var isNegative: Bool
  /// The first 19 digits that are not leading zeros, as one number.
  package var digits: UInt64
  /// The power of ten that `digits` is to be multiplied with.
  package var exponent: Int
  /// Whether it was written without a point and without an exponent.
  package var isInteger: Bool
  /// Whether `digits` holds all digits.
  package var isExact: Bool

  /// The value if it was written as an integer and fits into `T`.
  package func integer<T: FixedWidthInteger>(as type: T.Type) -> T? {
    guard isInteger, isExact, exponent == 0 else { return nil }
    if !isNegative { return T(exactly: digits) }
    if digits == 0 { return 0 }
    guard digits <= UInt64(Int64.max) + 1 else { return nil }
    return T(exactly: Int64(bitPattern: 0 &- digits))
  }

  /// The nearest `Double`; infinite if it is out of range.
  package func double(in bytes: Span<UInt8>) -> Double {
    if isExact, let value = DecimalRounding.double(digits: digits, exponent: exponent) {
      return isNegative ? -value : value
    }
    return Double(text(in: bytes)) ?? .nan
  }

  /// The nearest `Float`; infinite if it is out of range.
  package func float(in bytes: Span<UInt8>) -> Float {
    let value = double(in: bytes)
    let magnitude = value.magnitude
    // Rounding twice is wrong only where the first result lies halfway between two floats.
    let isHalfway = magnitude.bitPattern & 0x1FFF_FFFF == 0x1000_0000
    if !isHalfway, magnitude >= 0x1p-126 || magnitude == 0 && digits == 0 { return Float(value) }
    return Float(text(in: bytes)) ?? .nan
  }

  private func text(in bytes: Span<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(range.count)
    for index in range { text.append(bytes[index]) }
    return String(decoding: text, as: UTF8.self)
  }
}

extension JSONCursor {
  /// Bytes of one number's text.
  private static let numberBytesMax = 1_024

  /// Reads a number.
  package mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSONNumber {
    _ = peek(bytes)
    let start = position
    var number = JSONNumber(
      range: start..<start, isNegative: false, digits: 0, exponent: 0, isInteger: true,
      isExact: true)
    if position < end, bytes[position] == 0x2D {
      number.isNegative = true
      position += 1
    }
    var digitsTaken = 0
    let first = position
    try readDigits(bytes, &number, &digitsTaken, isFraction: false)
    guard position > first else {
      position = start
      throw unexpected("a value")
    }
    if bytes[first] == 0x30, position - first > 1 {
      throw JSONError("a number starts with a zero", at: first)
    }
    if position < end, bytes[position] == 0x2E {
      position += 1
      number.isInteger = false
      let fraction = position
      try readDigits(bytes, &number, &digitsTaken, isFraction: true)
      guard position > fraction else { throw unexpected("a digit") }
    }
    if position < end, bytes[position] | 0x20 == 0x65 {
      try readExponent(bytes, &number)
    }
    guard position - start <= Self.numberBytesMax else {
      throw JSONError("a number has more than \(Self.numberBytesMax) bytes", at: start)
    }
    number.range = start..<position
    return number
  }

  @inline(__always)
  private mutating func readDigits(
    _ bytes: Span<UInt8>, _ number: inout JSONNumber, _ taken: inout Int, isFraction: Bool
  ) throws(JSONError) {
    while position < end {
      let digit = bytes[position] &- 0x30
      guard digit < 10 else { return }
      if taken < 19 {
        number.digits = number.digits &* 10 &+ UInt64(digit)
        if number.digits != 0 { taken += 1 }
        if isFraction { number.exponent -= 1 }
      } else if taken == 19, !isFraction, number.isInteger,
        let exact = Self.appending(digit, to: number.digits)
      {
        // A twentieth digit: the largest 64-bit numbers have one.
        number.digits = exact
        taken = 20
      } else {
        if digit != 0 { number.isExact = false }
        if !isFraction { number.exponent += 1 }
      }
      position += 1
    }
  }

  private static func appending(_ digit: UInt8, to digits: UInt64) -> UInt64? {
    let (tens, overflow) = digits.multipliedReportingOverflow(by: 10)
    if overflow { return nil }
    let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
    return carry ? nil : sum
  }

  private mutating func readExponent(_ bytes: Span<UInt8>, _ number: inout JSONNumber)
    throws(JSONError)
  {
    position += 1
    number.isInteger = false
    var isNegative = false
    if position < end, bytes[position] == 0x2B || bytes[position] == 0x2D {
      isNegative = bytes[position] == 0x2D
      position += 1
    }
    let start = position
    var exponent = 0
    while position < end {
      let digit = bytes[position] &- 0x30
      guard digit < 10 else { break }
      if exponent < 100_000 { exponent = exponent * 10 + Int(digit) }
      position += 1
    }
    guard position > start else { throw unexpected("a digit") }
    number.exponent += isNegative ? -exponent : exponent
  }
}
