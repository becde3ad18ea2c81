internal import Features

/// The features of a record, as its body has them:
/// `{"features":{"values":[1.5,null],"statuses":"fm","ages_ns":[[1,20],[1]]},`
///
/// `ages_ns` holds runs: how many features in a row have this age; those without an age have none.
struct RecordedFeatures {
  static let opening = #""features":{"values":["#
  static let statuses = #"],"statuses":""#
  static let ages = #"","ages_ns":["#
  static let closing = "]},"

  static func letter(_ status: FeatureStatus) -> UInt8 {
    switch status {
    case .fresh: UInt8(ascii: "f")
    case .stale: UInt8(ascii: "s")
    case .missing: UInt8(ascii: "m")
    case .default: UInt8(ascii: "d")
    }
  }

  private static func word(_ letter: UInt8) -> String? {
    switch letter {
    case UInt8(ascii: "f"): DecisionText.word(.fresh)
    case UInt8(ascii: "s"): DecisionText.word(.stale)
    case UInt8(ascii: "m"): DecisionText.word(.missing)
    case UInt8(ascii: "d"): DecisionText.word(.default)
    default: nil
    }
  }

  /// By feature, each a piece of the body.
  private var values: [Range<Int>] = []
  private var letters: [UInt8] = []
  private var ageTexts: [Range<Int>?] = []
  private let body: [UInt8]
  /// Where the rest of the body begins.
  private(set) var end = 1

  /// Reads what a body begins with; `nil` if that is something else.
  init?(_ body: [UInt8]) {
    self.body = body
    guard skip(Self.opening), readValues(), skip(Self.statuses), readLetters(), skip(Self.ages),
      readAges(), skip(Self.closing), letters.count == values.count,
      ageTexts.count == values.count
    else { return nil }
  }

  /// Writes them in full: `"features":[{"name":…,"value":…,"status":…,"age_ns":…},…],`.
  ///
  /// - Parameter names: JSON strings, with their quotes.
  /// - Returns: false, with nothing written, if there are more or fewer names.
  func write(names: [ArraySlice<UInt8>], to writer: inout JSONBytes) -> Bool {
    let words = letters.map(Self.word)
    guard names.count == values.count, !words.contains(nil) else { return false }
    writer.raw(#""features":["#)
    for index in values.indices {
      writer.raw(index == 0 ? #"{"name":"# : #"},{"name":"#)
      writer.written(names[index])
      let value = body[values[index]]
      if value.first != UInt8(ascii: "n") {
        writer.raw(#","value":"#)
        writer.written(value)
      }
      writer.raw(#","status":""# + (words[index] ?? "") + "\"")
      if let age = ageTexts[index] {
        writer.raw(#","age_ns":"#)
        writer.written(body[age])
      }
    }
    writer.raw(values.isEmpty ? "]," : "}],")
    return true
  }

  private mutating func skip(_ text: String) -> Bool {
    guard body[min(end, body.count)...].starts(with: text.utf8) else { return false }
    end += text.utf8.count
    return true
  }

  /// A number or `null`.
  private mutating func readWord() -> Range<Int>? {
    let start = end
    while end < body.count, Self.isWord(body[end]) { end += 1 }
    return start < end ? start..<end : nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  private mutating func readValues() -> Bool {
    repeat {
      guard let value = readWord() else { return false }
      values.append(value)
    } while skip(",")
    return true
  }

  private mutating func readLetters() -> Bool {
    guard let word = readWord() else { return false }
    letters = Array(body[word])
    return true
  }

  private mutating func readAges() -> Bool {
    repeat {
      guard skip("["), let word = readWord(),
        let count = Int(String(decoding: body[word], as: UTF8.self)),
        count > 0, count <= values.count - ageTexts.count
      else { return false }
      let age = skip(",") ? readWord() : nil
      guard skip("]") else { return false }
      ageTexts.append(contentsOf: repeatElement(age, count: count))
    } while skip(",")
    return true
  }
}
