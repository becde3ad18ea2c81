/// Reads the text form of a configuration (`config.pbtxt`) into a tree.
struct TextConfigurationParser {
  private var cursor: TextCursor
  private var depth = 0

  /// - Throws: the first place that is not well-formed.
  static func parse(
    _ bytes: [UInt8]
  ) throws(ConfigurationSyntaxError) -> [ConfigurationField] {
    var parser = TextConfigurationParser(cursor: TextCursor(bytes))
    let fields = try parser.fields(until: nil, opened: SourcePosition(line: 1, column: 1))
    return fields
  }

  private func failure(_ message: String, fix: String = "") -> ConfigurationSyntaxError {
    ConfigurationSyntaxError(position: cursor.position, message: message, fix: fix)
  }

  private mutating func skipSpace() {
    while let byte = cursor.current {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D, 0x0B, 0x0C: cursor.advance()
      case UInt8(ascii: "#"):
        while let next = cursor.current, next != 0x0A { _ = next; cursor.advance() }
      default: return
      }
    }
  }

  private mutating func fields(
    until close: UInt8?, opened: SourcePosition
  ) throws(ConfigurationSyntaxError) -> [ConfigurationField] {
    var result: [ConfigurationField] = []
    while true {
      skipSpace()
      guard let byte = cursor.current else {
        guard let close else { return result }
        throw failure(
          "the text ends inside the message opened at line \(opened.line)",
          fix: "add '\(Character(Unicode.Scalar(close)))'")
      }
      if byte == close {
        cursor.advance()
        return result
      }
      result.append(try field())
      skipSpace()
      if !cursor.take(UInt8(ascii: ",")) { _ = cursor.take(UInt8(ascii: ";")) }
    }
  }

  private mutating func field() throws(ConfigurationSyntaxError) -> ConfigurationField {
    let position = cursor.position
    guard let first = cursor.current, TextCursor.isWordStart(first) else {
      throw failure("expected the name of a field, found \(cursor.found)")
    }
    let name = word()
    skipSpace()
    let hasColon = cursor.take(UInt8(ascii: ":"))
    skipSpace()
    guard let next = cursor.current else {
      throw failure("the text ends after the field '\(name)'", fix: "give it a value")
    }
    let opens = next == UInt8(ascii: "{") || next == UInt8(ascii: "<")
    if !hasColon && !opens && next != UInt8(ascii: "[") {
      throw failure("expected ':' after the field '\(name)', found \(cursor.found)")
    }
    return ConfigurationField(name: name, position: position, node: try value(of: name))
  }

  private mutating func word() -> String {
    let start = cursor.index
    while let byte = cursor.current, TextCursor.isWord(byte) { cursor.advance() }
    return cursor.text(from: start)
  }

  private mutating func value(
    of name: String
  ) throws(ConfigurationSyntaxError) -> ConfigurationNode {
    let position = cursor.position
    guard let byte = cursor.current else {
      throw failure("the text ends before the value of '\(name)'")
    }
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "<"):
      try enter()
      cursor.advance()
      let close = byte == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: ">")
      let content = try fields(until: close, opened: position)
      depth -= 1
      return ConfigurationNode(position: position, value: .message(content))
    case UInt8(ascii: "["):
      try enter()
      cursor.advance()
      let items = try list(of: name, opened: position)
      depth -= 1
      return ConfigurationNode(position: position, value: .list(items))
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      return ConfigurationNode(position: position, value: .string(try adjacentStrings()))
    default:
      return ConfigurationNode(position: position, value: try scalar(of: name))
    }
  }

  private mutating func enter() throws(ConfigurationSyntaxError) {
    depth += 1
    if depth > ConfigurationLimits.depthMax {
      throw failure("messages are nested deeper than \(ConfigurationLimits.depthMax) levels")
    }
  }

  private mutating func list(
    of name: String, opened: SourcePosition
  ) throws(ConfigurationSyntaxError) -> [ConfigurationNode] {
    var items: [ConfigurationNode] = []
    skipSpace()
    if cursor.take(UInt8(ascii: "]")) { return items }
    while true {
      skipSpace()
      if items.isEmpty == false, cursor.take(UInt8(ascii: "]")) { return items }
      items.append(try value(of: name))
      skipSpace()
      if cursor.take(UInt8(ascii: "]")) { return items }
      guard cursor.take(UInt8(ascii: ",")) else {
        throw failure(
          "expected ',' or ']' in the list '\(name)' opened at line \(opened.line), "
            + "found \(cursor.found)")
      }
    }
  }

  private mutating func scalar(
    of name: String
  ) throws(ConfigurationSyntaxError) -> ConfigurationNode.Value {
    let isNegative = cursor.take(UInt8(ascii: "-"))
    if isNegative { skipSpace() }
    let sign = isNegative ? "-" : ""
    guard let byte = cursor.current else {
      throw failure("the text ends before the value of '\(name)'")
    }
    if TextCursor.isDigit(byte) || byte == UInt8(ascii: ".") { return .number(sign + number()) }
    if TextCursor.isWordStart(byte) { return .word(sign + word()) }
    throw failure("expected a value for '\(name)', found \(cursor.found)")
  }

  /// Takes everything a number may consist of; whether it is one is checked with its field.
  private mutating func number() -> String {
    let start = cursor.index
    var previous: UInt8 = 0
    while let byte = cursor.current {
      let afterExponent = previous == UInt8(ascii: "e") || previous == UInt8(ascii: "E")
      let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      guard TextCursor.isWord(byte) || byte == UInt8(ascii: ".") || (isSign && afterExponent)
      else { break }
      previous = byte
      cursor.advance()
    }
    return cursor.text(from: start)
  }

  private mutating func adjacentStrings() throws(ConfigurationSyntaxError) -> [UInt8] {
    var result: [UInt8] = []
    while let quote = cursor.current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      let opened = cursor.position
      cursor.advance()
      while cursor.current != quote {
        guard let byte = cursor.current, byte != 0x0A else {
          throw ConfigurationSyntaxError(
            position: opened, message: "the string opened here does not end on its line",
            fix: "close it with \(Character(Unicode.Scalar(quote)))")
        }
        cursor.advance()
        if byte == UInt8(ascii: "\\") {
          try TextEscapes.append(from: &cursor, to: &result)
        } else {
          result.append(byte)
        }
      }
      cursor.advance()
      skipSpace()
    }
    return result
  }
}
