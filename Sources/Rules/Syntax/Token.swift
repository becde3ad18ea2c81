/// One word of an expression.
struct Token: Equatable {
  enum Kind: Equatable {
    case identifier(String)
    /// The digits as they stand; hexadecimal with its `0x`. The sign is the parser's.
    case int(String)
    case double(Double)
    case string(String)
    /// An operator or a bracket.
    case symbol(Symbol)
    case end
  }

  enum Symbol: String {
    case or = "||"
    case and = "&&"
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case greater = ">"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case over = "/"
    case modulo = "%"
    case not = "!"
    case question = "?"
    case colon = ":"
    case open = "("
    case close = ")"
    case openBracket = "["
    case closeBracket = "]"
    case openBrace = "{"
    case closeBrace = "}"
    case comma = ","
    case dot = "."
  }

  var kind: Kind
  /// Bytes of the text before and up to the end of the word.
  var range: Range<Int>

  /// The word in a message.
  var spelling: String {
    switch kind {
    case .identifier(let name): "'\(name)'"
    case .int(let digits): "the number \(digits)"
    case .double(let value): "the number \(value)"
    case .string: "a string"
    case .symbol(let symbol): "'\(symbol.rawValue)'"
    case .end: "the end of the expression"
    }
  }
}

/// Words of the grammar that cannot name a field.
enum ReservedWords {
  static let all: Set<String> = [
    "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in",
    "let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while",
  ]
}
