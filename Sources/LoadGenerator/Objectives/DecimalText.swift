/// Decimal numbers as people write them (`12`, `0.25`, `1731000000.123456789`), read exactly.
enum DecimalText {
  /// A number that is not negative, times `10^decimals` and rounded to nearest.
  ///
  /// Digits with at most one point between or beside them; no sign, no exponent. `decimals` is 0
  /// to 18.
  ///
  /// - Returns: `nil` if the bytes are no such number or the result does not fit.
  static func scaled(_ bytes: some Sequence<UInt8>, decimals: Int) -> Int64? {
    var value: Int64 = 0
    var digits = 0
    var decimalsSeen = 0
    var inFraction = false
    var roundsUp = false
    for byte in bytes {
      if byte == UInt8(ascii: "."), !inFraction {
        inFraction = true
        continue
      }
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      digits += 1
      if inFraction, decimalsSeen == decimals {
        roundsUp = byte >= UInt8(ascii: "5")
        decimalsSeen += 1
      }
      guard !inFraction || decimalsSeen < decimals else { continue }
      guard let next = appending(value, Int64(byte - UInt8(ascii: "0"))) else { return nil }
      value = next
      if inFraction { decimalsSeen += 1 }
    }
    guard digits > 0 else { return nil }
    while decimalsSeen < decimals {
      guard let next = appending(value, 0) else { return nil }
      value = next
      decimalsSeen += 1
    }
    return roundsUp && value < .max ? value + 1 : value
  }

  private static func appending(_ value: Int64, _ digit: Int64) -> Int64? {
    let (product, overflow) = value.multipliedReportingOverflow(by: 10)
    guard !overflow else { return nil }
    let (sum, carried) = product.addingReportingOverflow(digit)
    return carried ? nil : sum
  }

  /// The number with three significant digits, without zeros at the end: `4.21`, `850`, `0.0123`.
  /// From 1000 on, whole: `12346`. `value` is finite.
  static func short(_ value: Double) -> String {
    let size = abs(value)
    guard size < 999.5 else {
      return size < 9e18 ? String(Int64(value.rounded())) : "\(value)"
    }
    guard size >= 1e-9 else { return "0" }
    var decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2
    if size < 0.9995 {
      var scale = size
      while scale < 0.9995 {
        scale *= 10
        decimals += 1
      }
    }
    var power = 1.0
    for _ in 0..<decimals { power *= 10 }
    let scaled = Int64((size * power).rounded())
    var digits = String(scaled)
    while digits.count <= decimals { digits = "0" + digits }
    var text = String(digits.dropLast(decimals))
    var fraction = digits.suffix(decimals)
    while fraction.last == "0" { fraction.removeLast() }
    if !fraction.isEmpty { text += "." + fraction }
    return value < 0 ? "-" + text : text
  }
}

extension StringProtocol {
  /// Without the spaces and tabs at either end.
  var trimmed: Substring {
    var text = Substring(self)
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
