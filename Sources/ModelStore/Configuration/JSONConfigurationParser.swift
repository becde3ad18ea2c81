/// Reads the JSON form of a configuration, as a load request carries it, into a tree.
struct JSONConfigurationParser {
  private var cursor: TextCursor
  private var depth = 0

  /// - Throws: the first place that is not well-formed.
  static func parse(
    _ bytes: [UInt8]
  ) throws(ConfigurationSyntaxError) -> [ConfigurationField] {
    var parser = JSONConfigurationParser(cursor: TextCursor(bytes))
    parser.skipSpace()
    guard parser.cursor.current == UInt8(ascii: "{") else {
      throw parser.failure("expected a JSON object, found \(parser.cursor.found)")
    }
    let fields = try parser.object()
    parser.skipSpace()
    guard parser.cursor.current == nil else {
      throw parser.failure("expected the end of the text, found \(parser.cursor.found)")
    }
    return fields
  }

  private func failure(_ message: String) -> ConfigurationSyntaxError {
    ConfigurationSyntaxError(position: cursor.position, message: message)
  }

  private mutating func skipSpace() {
    while let byte = cursor.current,
      byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    {
      cursor.advance()
    }
  }

  private mutating func enter() throws(ConfigurationSyntaxError) {
    depth += 1
    if depth > ConfigurationLimits.depthMax {
      throw failure("objects are nested deeper than \(ConfigurationLimits.depthMax) levels")
    }
  }

  private mutating func object() throws(ConfigurationSyntaxError) -> [ConfigurationField] {
    try enter()
    defer { depth -= 1 }
    cursor.advance()
    var fields: [ConfigurationField] = []
    skipSpace()
    if cursor.take(UInt8(ascii: "}")) { return fields }
    while true {
      skipSpace()
      let position = cursor.position
      guard cursor.current == UInt8(ascii: "\"") else {
        throw failure("expected the name of a field in quotes, found \(cursor.found)")
      }
      let name = String(decoding: try string(), as: UTF8.self)
      skipSpace()
      guard cursor.take(UInt8(ascii: ":")) else {
        throw failure("expected ':' after \"\(name)\", found \(cursor.found)")
      }
      skipSpace()
      fields.append(ConfigurationField(name: name, position: position, node: try value()))
      skipSpace()
      if cursor.take(UInt8(ascii: "}")) { return fields }
      guard cursor.take(UInt8(ascii: ",")) else {
        throw failure("expected ',' or '}', found \(cursor.found)")
      }
    }
  }

  private mutating func array() throws(ConfigurationSyntaxError) -> [ConfigurationNode] {
    try enter()
    defer { depth -= 1 }
    cursor.advance()
    var items: [ConfigurationNode] = []
    skipSpace()
    if cursor.take(UInt8(ascii: "]")) { return items }
    while true {
      skipSpace()
      items.append(try value())
      skipSpace()
      if cursor.take(UInt8(ascii: "]")) { return items }
      guard cursor.take(UInt8(ascii: ",")) else {
        throw failure("expected ',' or ']', found \(cursor.found)")
      }
    }
  }

  private mutating func value() throws(ConfigurationSyntaxError) -> ConfigurationNode {
    let position = cursor.position
    let value: ConfigurationNode.Value
    switch cursor.current {
    case UInt8(ascii: "{"): value = .message(try object())
    case UInt8(ascii: "["): value = .list(try array())
    case UInt8(ascii: "\""): value = .string(try string())
    case .some(let byte) where byte == UInt8(ascii: "-") || TextCursor.isDigit(byte):
      value = .number(number())
    case .some(let byte) where TextCursor.isWordStart(byte):
      let start = cursor.index
      while let byte = cursor.current, TextCursor.isWord(byte) { cursor.advance() }
      switch cursor.text(from: start) {
      case "true": value = .word("true")
      case "false": value = .word("false")
      case "null": value = .null
      case let other:
        throw ConfigurationSyntaxError(
          position: position,
          message: "expected a JSON value, found '\(ConfigurationNode.cut(other))'",
          fix: "put text in quotes")
      }
    default: throw failure("expected a JSON value, found \(cursor.found)")
    }
    return ConfigurationNode(position: position, value: value)
  }

  private mutating func number() -> String {
    let start = cursor.index
    while let byte = cursor.current,
      TextCursor.isWord(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
        || byte == UInt8(ascii: ".")
    {
      cursor.advance()
    }
    return cursor.text(from: start)
  }

  private mutating func string() throws(ConfigurationSyntaxError) -> [UInt8] {
    let opened = cursor.position
    cursor.advance()
    var result: [UInt8] = []
    while true {
      guard let byte = cursor.current, byte >= 0x20 else {
        throw ConfigurationSyntaxError(
          position: opened, message: "the string opened here does not end")
      }
      cursor.advance()
      if byte == UInt8(ascii: "\"") { return result }
      if byte == UInt8(ascii: "\\") { try escape(&result) } else { result.append(byte) }
    }
  }

  private mutating func escape(_ result: inout [UInt8]) throws(ConfigurationSyntaxError) {
    guard let byte = cursor.current else { throw failure("the text ends in an escape") }
    let problem = failure("unknown escape \(cursor.found)")
    cursor.advance()
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "u"):
      var value = try unit()
      if value >= 0xD800, value < 0xDC00, cursor.take(UInt8(ascii: "\\")),
        cursor.take(UInt8(ascii: "u"))
      {
        let low = try unit()
        guard low >= 0xDC00, low < 0xE000 else { throw failure("a surrogate lacks its pair") }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else {
        throw failure("a surrogate lacks its pair")
      }
      result.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw problem
    }
  }

  private mutating func unit() throws(ConfigurationSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = cursor.current, let digit = TextCursor.digit(byte, radix: 16) else {
        throw failure("expected four hexadecimal digits, found \(cursor.found)")
      }
      value = value << 4 | UInt32(digit)
      cursor.advance()
    }
    return value
  }
}
