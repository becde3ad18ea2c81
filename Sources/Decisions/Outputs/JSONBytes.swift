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

  mutating func open(_ bracket: Unicode.Scalar) { bytes.append(UInt8(ascii: bracket)) }
  mutating func close(_ bracket: Unicode.Scalar) { bytes.append(UInt8(ascii: bracket)) }

  /// A comma unless something was just opened.
  mutating func comma() {
    guard let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "["),
      last != UInt8(ascii: ":")
    else { return }
    bytes.append(UInt8(ascii: ","))
  }

  mutating func string(_ text: String, separated: Bool = true) {
    if separated { comma() }
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 { append(escaping: byte) }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func string(_ text: ArraySlice<UInt8>) {
    comma()
    bytes.append(UInt8(ascii: "\""))
    for byte in text { append(escaping: byte) }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func bool(_ value: Bool) {
    comma()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  mutating func null() {
    comma()
    bytes.append(contentsOf: "null".utf8)
  }

  mutating func integer(_ value: Int64) {
    comma()
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  /// A number, shortest; `null` for what JSON cannot write.
  mutating func double(_ value: Double) {
    guard value.isFinite else { return null() }
    if value == value.rounded(), abs(value) < 1e15, value != 0 || value.sign == .plus {
      return integer(Int64(value))
    }
    comma()
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
