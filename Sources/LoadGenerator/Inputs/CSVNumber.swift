internal import Gateway
internal import NIOCore
internal import Tensors

/// Reads one cell as one element.
///
/// Numbers are written as in JSON, also with a sign or a point in front; floating-point cells may
/// be `nan`, `inf` or empty, which is a missing value and becomes NaN.
enum CSVNumber {
  /// Appends the element in wire form; `false`, and nothing appended, if the cell holds none.
  static func append(
    _ range: Range<Int>, of bytes: Span<UInt8>, as type: ElementType, to buffer: inout ByteBuffer
  ) -> Bool {
    let range = trimmed(range, bytes)
    switch type {
    case .fp32: return write(float(range, bytes)?.bitPattern, to: &buffer)
    case .fp64: return write(double(range, bytes)?.bitPattern, to: &buffer)
    case .fp16: return write(float(range, bytes).map(HalfPrecision.fp16), to: &buffer)
    case .bf16: return write(float(range, bytes).map(HalfPrecision.bf16), to: &buffer)
    case .bool: return write(flag(range, bytes), to: &buffer)
    case .int8: return write(integer(range, bytes, as: Int8.self), to: &buffer)
    case .int16: return write(integer(range, bytes, as: Int16.self), to: &buffer)
    case .int32: return write(integer(range, bytes, as: Int32.self), to: &buffer)
    case .int64: return write(integer(range, bytes, as: Int64.self), to: &buffer)
    case .uint8: return write(integer(range, bytes, as: UInt8.self), to: &buffer)
    case .uint16: return write(integer(range, bytes, as: UInt16.self), to: &buffer)
    case .uint32: return write(integer(range, bytes, as: UInt32.self), to: &buffer)
    case .uint64: return write(integer(range, bytes, as: UInt64.self), to: &buffer)
    case .bytes: return false
    }
  }

  private static func write<T: FixedWidthInteger>(_ value: T?, to buffer: inout ByteBuffer) -> Bool
  {
    guard let value else { return false }
    buffer.writeInteger(value, endianness: .little)
    return true
  }

  private static func trimmed(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Range<Int> {
    var lower = range.lowerBound
    var upper = range.upperBound
    while lower < upper, bytes[lower] == 0x20 || bytes[lower] == 0x09 { lower += 1 }
    while upper > lower, bytes[upper - 1] == 0x20 || bytes[upper - 1] == 0x09 { upper -= 1 }
    return lower..<upper
  }

  /// The number that fills the range.
  private static func number(_ range: Range<Int>, _ bytes: Span<UInt8>) -> JSONNumber? {
    // JSON knows no plus.
    let isSigned = range.count > 1 && bytes[range.lowerBound] == 0x2B
    var cursor = JSONCursor(isSigned ? range.lowerBound + 1..<range.upperBound : range)
    guard let number = try? cursor.number(bytes), cursor.position == range.upperBound,
      !(isSigned && number.isNegative)
    else { return nil }
    return number
  }

  private static func integer<T: FixedWidthInteger>(
    _ range: Range<Int>, _ bytes: Span<UInt8>, as type: T.Type
  ) -> T? {
    number(range, bytes)?.integer(as: type)
  }

  private static func float(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Float? {
    guard let number = number(range, bytes) else { return special(range, bytes).map { Float($0) } }
    let value = number.float(in: bytes)
    return value.isFinite ? value : nil
  }

  private static func double(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Double? {
    guard let number = number(range, bytes) else { return special(range, bytes) }
    let value = number.double(in: bytes)
    return value.isFinite ? value : nil
  }

  /// What JSON has not: empty cells, `nan`, `inf`, `.5`, `1.`; no hexadecimal numbers.
  private static func special(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Double? {
    if range.isEmpty { return .nan }
    guard range.count <= 64 else { return nil }
    let text = text(range, bytes).lowercased()
    if text.contains("x") || text.contains("p") { return nil }
    guard let value = Double(text) else { return text == "na" ? .nan : nil }
    // A number so large that it is none, and not written as such.
    if value.isInfinite, !text.contains("inf") { return nil }
    return value
  }

  private static func flag(_ range: Range<Int>, _ bytes: Span<UInt8>) -> UInt8? {
    switch range.count > 5 ? "" : text(range, bytes).lowercased() {
    case "true", "1": 1
    case "false", "0": 0
    default: nil
    }
  }

  private static func text(_ range: Range<Int>, _ bytes: Span<UInt8>) -> String {
    var text: [UInt8] = []
    for index in range { text.append(bytes[index]) }
    return String(decoding: text, as: UTF8.self)
  }
}
