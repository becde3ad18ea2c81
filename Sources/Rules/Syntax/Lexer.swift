/// Cuts the text of an expression into words, as the lexical grammar of CEL has them.
struct Lexer {
  let source: [UInt8]
  var offset = 0
  var tokens: [Token] = []
  var problems: [RuleProblem] = []

  /// The words of `source`, closed by an end mark, and what is wrong with single words.
  static func tokens(of source: [UInt8]) -> (tokens: [Token], problems: [RuleProblem]) {
    var lexer = Lexer(source: source)
    while lexer.skipBlanks() { lexer.readToken() }
    lexer.tokens.append(Token(kind: .end, range: source.count..<source.count))
    return (lexer.tokens, lexer.problems)
  }

  private init(source: [UInt8]) { self.source = source }

  func peek(_ distance: Int = 0) -> UInt8? {
    offset + distance < source.count ? source[offset + distance] : nil
  }

  mutating func report(_ message: String, at place: Int) {
    problems.append(RuleProblem(offset: place, in: source, message: message))
  }

  /// Moves to the next word; false at the end.
  private mutating func skipBlanks() -> Bool {
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x0C:
        offset += 1
      case UInt8(ascii: "/") where peek(1) == byte:
        while let next = peek(), next != UInt8(ascii: "\n") { offset += 1 }
      default:
        return true
      }
    }
    return false
  }

  private mutating func readToken() {
    guard let byte = peek() else { return }
    let start = offset
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
      readString(isRaw: false, start: start)
    } else if Self.isLetter(byte) {
      readWord()
    } else if Self.isDigit(byte)
      || (byte == UInt8(ascii: ".") && peek(1).map(Self.isDigit) == true)
    {
      readNumber()
    } else if let symbol = symbol() {
      offset += symbol.rawValue.utf8.count
      tokens.append(Token(kind: .symbol(symbol), range: start..<offset))
    } else {
      reportStray(byte)
    }
  }

  /// An identifier, or the prefix of a string.
  private mutating func readWord() {
    let start = offset
    while let byte = peek(), Self.isLetter(byte) || Self.isDigit(byte) { offset += 1 }
    let word = String(decoding: source[start..<offset], as: UTF8.self)
    if let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      switch word.lowercased() {
      case "r":
        return readString(isRaw: true, start: start)
      case "b", "br", "rb":
        report("bytes are not supported: write a string, without the '\(word)'", at: start)
        return readString(isRaw: word.count > 1, start: start)
      default: break
      }
    }
    tokens.append(Token(kind: .identifier(word), range: start..<offset))
  }

  private mutating func readNumber() {
    let start = offset
    var isDouble = false
    if peek() == UInt8(ascii: "0"), peek(1) == UInt8(ascii: "x"),
      peek(2).map(Self.isHexadecimal) == true
    {
      offset += 2
      while let byte = peek(), Self.isHexadecimal(byte) { offset += 1 }
    } else {
      skipDigits()
      if peek() == UInt8(ascii: "."), peek(1).map(Self.isDigit) == true {
        isDouble = true
        offset += 1
        skipDigits()
      }
      if skipExponent() { isDouble = true }
    }
    let text = String(decoding: source[start..<offset], as: UTF8.self)
    if let byte = peek(), Self.isLetter(byte) {
      while let next = peek(), Self.isLetter(next) || Self.isDigit(next) { offset += 1 }
      let whole = String(decoding: source[start..<offset], as: UTF8.self)
      let isUnsigned = whole.lowercased() == text.lowercased() + "u"
      report(
        isUnsigned
          ? "unsigned integers are not supported: write \(text)"
          : "'\(whole)' is not a number: a number is followed by an operator or a bracket",
        at: start)
    }
    // A literal beyond the largest double is an infinity, as in CEL.
    let kind: Token.Kind = isDouble ? .double(Double(text) ?? .infinity) : .int(text)
    tokens.append(Token(kind: kind, range: start..<offset))
  }

  private mutating func skipDigits() {
    while let byte = peek(), Self.isDigit(byte) { offset += 1 }
  }

  private mutating func skipExponent() -> Bool {
    guard peek().map({ $0 | 0x20 }) == UInt8(ascii: "e") else { return false }
    let isSigned = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
    guard peek(isSigned ? 2 : 1).map(Self.isDigit) == true else { return false }
    offset += isSigned ? 2 : 1
    skipDigits()
    return true
  }

  private func symbol() -> Token.Symbol? {
    for length in [2, 1] where offset + length <= source.count {
      let text = String(decoding: source[offset..<offset + length], as: UTF8.self)
      if let symbol = Token.Symbol(rawValue: text) { return symbol }
    }
    return nil
  }

  private mutating func reportStray(_ byte: UInt8) {
    let hints: [UInt8: String] = [
      UInt8(ascii: "&"): "'&' is not an operator: write '&&'",
      UInt8(ascii: "|"): "'|' is not an operator: write '||'",
      UInt8(ascii: "="): "'=' does not assign: write '=='",
      UInt8(ascii: ";"): "';' is not needed: an expression stands alone",
      UInt8(ascii: "`"): "'`' does not quote: write ' or \"",
    ]
    let start = offset
    offset += 1
    while let next = peek(), next & 0xC0 == 0x80 { offset += 1 }
    let character = String(decoding: source[start..<offset], as: UTF8.self)
    report(hints[byte] ?? "'\(character)' has no meaning outside a string", at: start)
  }

  static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
  }

  static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }
}
