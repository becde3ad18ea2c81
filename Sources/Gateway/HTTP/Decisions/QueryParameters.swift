/// The parameters after a path's `?`, decoded.
struct QueryParameters {
  /// The most parameters that are read.
  private static let countMax = 32

  private(set) var all: [(name: String, value: String)] = []

  /// - Parameters:
  ///   - text: `name=value` between `&`; a `+` is a plus, as times have it.
  ///   - known: the names that mean something.
  /// - Throws: what is wrong with it, and what would be right.
  init(_ text: String, known: [String]) throws(ControlError) {
    for part in text.utf8.split(separator: UInt8(ascii: "&")) {
      let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      let value = equals == part.endIndex ? part[equals...] : part[part.index(after: equals)...]
      guard let name = Self.decode(part[..<equals]), let value = Self.decode(value) else {
        throw Self.error("'?\(text.prefix(80))' is not percent-encoded UTF-8")
      }
      guard known.contains(name) else {
        throw Self.error(
          known.isEmpty
            ? "'\(name.prefix(40))' means nothing here: this path takes no parameters"
            : "'\(name.prefix(40))' means nothing here; known are \(known.joined(separator: ", "))")
      }
      guard self[name] == nil, all.count < Self.countMax else {
        throw Self.error("'\(name)' is given twice")
      }
      all.append((name, value))
    }
  }

  /// The value of a parameter; `nil` if it was not given.
  subscript(name: String) -> String? { all.first { $0.name == name }?.value }

  /// A parameter that is `true` or `false`; false if it was not given.
  func flag(_ name: String) throws(ControlError) -> Bool {
    switch self[name] {
    case nil, "false", "0": return false
    case "true", "1", "": return true
    case let other?: throw Self.error("'\(name)' is '\(other.prefix(40))'; use true or false")
    }
  }

  static func error(_ message: String) -> ControlError {
    ControlError(400, message, code: "INVALID_ARGUMENT")
  }

  private static func decode(_ text: Substring.UTF8View) -> String? {
    var bytes: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      var byte = text[index]
      index = text.index(after: index)
      if byte == UInt8(ascii: "%") {
        guard let end = text.index(index, offsetBy: 2, limitedBy: text.endIndex),
          let high = HTTPCharacter.hexadecimal(text[index]),
          let low = HTTPCharacter.hexadecimal(text[text.index(after: index)])
        else { return nil }
        byte = high << 4 | low
        index = end
      }
      bytes.append(byte)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
