/// Reads the field `grpc-timeout`.
package enum GRPCTimeout {
  /// The nanoseconds that `text` asks for: one to eight digits and a unit out of `H M S m u n`.
  ///
  /// `nil` if the text is anything else.
  package static func nanoseconds(_ text: Span<UInt8>) -> Int64? {
    guard text.count >= 2, text.count <= 9 else { return nil }
    var value: Int64 = 0
    for index in 0..<(text.count - 1) {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      value = value * 10 + Int64(digit)
    }
    let unit: Int64
    switch text[text.count - 1] {
    case UInt8(ascii: "H"): unit = 3_600_000_000_000
    case UInt8(ascii: "M"): unit = 60_000_000_000
    case UInt8(ascii: "S"): unit = 1_000_000_000
    case UInt8(ascii: "m"): unit = 1_000_000
    case UInt8(ascii: "u"): unit = 1_000
    case UInt8(ascii: "n"): unit = 1
    default: return nil
    }
    let (product, overflow) = value.multipliedReportingOverflow(by: unit)
    return overflow ? .max : product
  }
}
