/// Writes JSON into bytes, without spaces, members in the order they are written.
struct JSONBytes {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 1_024) { bytes.reserveCapacity(capacity) }

  /// A name and its colon, after a comma unless it is the first of its object.
  mutating func name(_ name: String) {
    comma()
    string(name, separated: false)
    bytes.append(UInt8(ascii: ":"))
  }

  /// Bytes that are JSON already.
  mutating func written(_ json: [UInt8]) { bytes.append(contentsOf: json) }
  mutating func written(_ json: ArraySlice<UInt8>) { bytes.append(contentsOf: json) }

  /// One byte as it is.
  mutating func byte(_ byte: UInt8) { bytes.append(byte) }

  mutating func open(_ bracket: Unicode.Scalar) { bytes.append(UInt8(ascii: bracket)) }
  mutating func close(_ bracket: Unicode.Scalar) { bytes.append(UInt8(ascii: bracket)) }

  /// A comma unless something was just opened.
  mutating func comma() {
    guard let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "["),
      last != UInt8(ascii: ":")
    else { return }
    bytes.append(UInt8(ascii: ","))
  }

  /// JSON that is written already, quotes and commas included.
  mutating func raw(_ json: String) { bytes.append(contentsOf: json.utf8) }

  /// A text of letters, digits and such, which needs no escapes.
  mutating func word(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: text.utf8)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func string(_ text: String, separated: Bool = true) {
    if separated { comma() }
    guard Self.needsEscapes(text.utf8.span) else { return word(text) }
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 { append(escaping: byte) }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func string(_ text: ArraySlice<UInt8>) {
    comma()
    bytes.append(UInt8(ascii: "\""))
    if Self.needsEscapes(text.span) {
      for byte in text { append(escaping: byte) }
    } else {
      bytes.append(contentsOf: text)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsEscapes(_ text: Span<UInt8>) -> Bool {
    for index in text.indices {
      let byte = text[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
    }
    return false
  }

  mutating func bool(_ value: Bool) {
    comma()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  mutating func integer(_ value: Int64) {
    comma()
    digits(value)
  }

  /// A whole number, without a comma before it.
  mutating func digits(_ value: Int64) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    var text = InlineArray<20, UInt8>(repeating: 0)
    var start = 20
    repeat {
      start -= 1
      text[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    for index in start..<20 { bytes.append(text[index]) }
  }

  /// A number, shortest; `null` for what JSON cannot write.
  mutating func double(_ value: Double) {
    comma()
    number(value)
  }

  /// A number, shortest, without a comma before it.
  mutating func number(_ value: Double) {
    guard value.isFinite else { return raw("null") }
    if abs(value) < 1e15, value == value.rounded(), value != 0 || value.sign == .plus {
      return digits(Int64(value))
    }
    bytes.append(contentsOf: value.description.utf8)
  }

  private mutating func append(escaping byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0..<0x20:
      bytes.append(contentsOf: "\\u00".utf8)
      bytes.append(Self.digit(byte >> 4))
      bytes.append(Self.digit(byte & 15))
    default: bytes.append(byte)
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
