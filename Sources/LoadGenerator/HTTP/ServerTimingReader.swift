/// Reads values of `Server-Timing` (W3C Server Timing, section 3.1): metrics between commas, each
/// a name and parameters between semicolons. HTTP sends them as a field, gRPC as metadata.
package enum ServerTimingReader {
  /// Adds the metrics of one value to `stages`.
  ///
  /// `dur` is taken as milliseconds, cut to whole nanoseconds; a metric without one counts as
  /// named with 0. A name that comes twice is added up. What is not understood is read over: the
  /// figures of a server are no reason to lose its answer.
  ///
  /// - Parameters:
  ///   - value: the field's value, without its name.
  ///   - names: the stages known to this event loop; new ones are added.
  package static func read(
    _ value: Span<UInt8>, into stages: inout ServerStages, names: StageNames
  ) {
    var index = 0
    while true {
      skip(value, &index) { HTTPOctets.isSpace($0) || $0 == 0x2C }
      guard index < value.count else { return }
      let start = index
      skip(value, &index) { isNameByte($0) }
      let name = start..<index
      let duration = readParameters(value, &index)
      skipToComma(value, &index)
      guard !name.isEmpty, let stage = names.index(of: value.extracting(name)) else { continue }
      let before = stages.named >> UInt16(stage) & 1 == 1 ? stages.nanoseconds[stage] : 0
      stages.set(stage, nanoseconds: min(before + (duration ?? 0), nanosecondsMax))
    }
  }

  /// Nanoseconds of a stage at most: more than eleven days are a mistake of the sender.
  static let nanosecondsMax: Int64 = 1_000_000_000_000_000

  /// Reads `;name=value` as often as it comes; the first `dur` in nanoseconds.
  private static func readParameters(_ value: Span<UInt8>, _ index: inout Int) -> Int64? {
    var duration: Int64?
    while true {
      skip(value, &index, while: HTTPOctets.isSpace)
      guard index < value.count, value[index] == 0x3B else { return duration }
      index += 1
      skip(value, &index, while: HTTPOctets.isSpace)
      let start = index
      skip(value, &index) { isNameByte($0) }
      let isDuration = isDur(value, start..<index)
      skip(value, &index, while: HTTPOctets.isSpace)
      guard index < value.count, value[index] == 0x3D else { continue }
      index += 1
      skip(value, &index, while: HTTPOctets.isSpace)
      let content = readContent(value, &index)
      if isDuration, duration == nil { duration = nanoseconds(value, content) }
    }
  }

  /// A parameter's value: a quoted string without its quotes, or all up to the next separator.
  private static func readContent(_ value: Span<UInt8>, _ index: inout Int) -> Range<Int> {
    guard index < value.count, value[index] == 0x22 else {
      let start = index
      skip(value, &index) { !HTTPOctets.isSpace($0) && $0 != 0x3B && $0 != 0x2C }
      return start..<index
    }
    let start = index + 1
    skipQuoted(value, &index)
    let isClosed = index > start && value[index - 1] == 0x22
    return start..<(isClosed ? index - 1 : index)
  }

  /// Steps over a quoted string that starts at `index`; a missing end is the value's end.
  private static func skipQuoted(_ value: Span<UInt8>, _ index: inout Int) {
    index += 1
    while index < value.count {
      let byte = value[index]
      index += byte == 0x5C ? 2 : 1
      if byte == 0x22 { return }
    }
    index = value.count
  }

  private static func skipToComma(_ value: Span<UInt8>, _ index: inout Int) {
    while index < value.count, value[index] != 0x2C {
      if value[index] == 0x22 { skipQuoted(value, &index) } else { index += 1 }
    }
  }

  @inline(__always)
  private static func skip(
    _ value: Span<UInt8>, _ index: inout Int, while isWanted: (UInt8) -> Bool
  ) {
    while index < value.count, isWanted(value[index]) { index += 1 }
  }

  /// Whether a name may hold the byte: everything that separates nothing.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, 0x22, 0x2C, 0x3B, 0x3D, 0x7F: false
    default: true
    }
  }

  private static func isDur(_ value: Span<UInt8>, _ name: Range<Int>) -> Bool {
    name.count == 3 && value[name.lowerBound] | 0x20 == 0x64
      && value[name.lowerBound + 1] | 0x20 == 0x75 && value[name.lowerBound + 2] | 0x20 == 0x72
  }
}

// MARK: - Numbers

extension ServerTimingReader {
  /// A decimal number of milliseconds in nanoseconds; `nil` if it is none. Negative ones are 0.
  private static func nanoseconds(_ value: Span<UInt8>, _ range: Range<Int>) -> Int64? {
    var index = range.lowerBound
    var isNegative = false
    if index < range.upperBound, value[index] == 0x2D || value[index] == 0x2B {
      isNegative = value[index] == 0x2D
      index += 1
    }
    var digits: Int64 = 0
    // Powers of ten from the digits to nanoseconds.
    var scale = 6
    var digitCount = 0
    var isFraction = false
    scan: while index < range.upperBound {
      switch value[index] {
      case 0x30...0x39:
        digitCount += 1
        if digits < 100_000_000_000_000_000 {
          digits = digits * 10 + Int64(value[index] - 0x30)
          if isFraction { scale -= 1 }
        } else if !isFraction {
          scale += 1
        }
      case 0x2E where !isFraction: isFraction = true
      default: break scan
      }
      index += 1
    }
    guard digitCount > 0 else { return nil }
    if index < range.upperBound {
      guard let exponent = exponent(value, index..<range.upperBound) else { return nil }
      scale += exponent
    }
    return isNegative ? 0 : scaled(digits, by: scale)
  }

  /// What follows the digits of a number: `e`, perhaps a sign, and digits.
  private static func exponent(_ value: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard value[range.lowerBound] | 0x20 == 0x65 else { return nil }
    var index = range.lowerBound + 1
    var isNegative = false
    if index < range.upperBound, value[index] == 0x2D || value[index] == 0x2B {
      isNegative = value[index] == 0x2D
      index += 1
    }
    guard index < range.upperBound else { return nil }
    var exponent = 0
    while index < range.upperBound {
      guard value[index] &- 0x30 < 10 else { return nil }
      exponent = min(1_000, exponent * 10 + Int(value[index] - 0x30))
      index += 1
    }
    return isNegative ? -exponent : exponent
  }

  private static func scaled(_ digits: Int64, by scale: Int) -> Int64 {
    var result = digits
    var left = scale
    while left < 0, result > 0 {
      result /= 10
      left += 1
    }
    while left > 0, result > 0 {
      if result > nanosecondsMax { return nanosecondsMax }
      result *= 10
      left -= 1
    }
    return min(result, nanosecondsMax)
  }
}
