/// Writes values as the JSON that pipelines and sources read.
enum JSONText {
  /// An object, its members in the order of their names.
  ///
  /// - Parameter unit: nanoseconds of one unit that timestamps are counted in; `nil` writes them as
  ///   RFC 3339.
  static func object(_ members: [String: Value], unit: Int64? = nil) -> [UInt8] {
    var text = "{"
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      if text.utf8.count > 1 { text += "," }
      text += quoted(name) + ":"
      switch value {
      case .bool(let flag): text += flag ? "true" : "false"
      case .int(let number): text += String(number)
      // A number that JSON does not know is refused by the reader, with its field.
      case .double(let number): text += "\(number)"
      case .string(let string): text += quoted(string)
      case .timestamp(let nanoseconds):
        text += unit.map { String(nanoseconds / $0) } ?? "\"\(instant(nanoseconds))\""
      }
    }
    return Array((text + "}").utf8)
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// RFC 3339 in UTC, with nine decimals.
  static func instant(_ nanoseconds: Int64) -> String {
    let (days, rest) = Int(nanoseconds).flooredDivision(by: 86_400_000_000_000)
    let (seconds, fraction) = rest.flooredDivision(by: 1_000_000_000)
    let date = civil(days)
    func digits(_ number: Int, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))T"
      + "\(digits(seconds / 3_600, 2)):\(digits(seconds / 60 % 60, 2)):"
      + "\(digits(seconds % 60, 2)).\(digits(fraction, 9))Z"
  }

  /// The date of a day counted from 1970-01-01, by eras of 400 years that begin in March.
  private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * march + 2) / 5 + 1)
  }
}

extension Int {
  /// The quotient rounded down, and what is left, which is never negative.
  fileprivate func flooredDivision(by divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
