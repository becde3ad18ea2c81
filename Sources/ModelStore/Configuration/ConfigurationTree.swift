/// A parsed configuration before its fields are checked: what was written, and where.
///
/// Both spellings of a configuration, text and JSON, become this tree; one checker reads it.
struct ConfigurationNode: Sendable {
  enum Value: Sendable {
    /// `true`, `TYPE_FP32`, `inf`: a bare word.
    case word(String)
    /// A number as written, its sign included.
    case number(String)
    /// A string after its escapes were resolved.
    case string([UInt8])
    case message([ConfigurationField])
    case list([ConfigurationNode])
    /// JSON's `null`: as if the field were not there.
    case null
  }

  var position: SourcePosition
  var value: Value

  /// The value as a problem's text names it, cut to a readable length.
  var summary: String {
    switch value {
    case .word(let text), .number(let text): Self.cut(text)
    case .string(let bytes): "\"" + Self.cut(String(decoding: bytes, as: UTF8.self)) + "\""
    case .message: "a message"
    case .list: "a list"
    case .null: "null"
    }
  }

  static func cut(_ text: String) -> String {
    text.count > 60 ? text.prefix(57) + "..." : text
  }
}

/// One `name: value` of a message.
struct ConfigurationField: Sendable {
  var name: String
  var position: SourcePosition
  var node: ConfigurationNode
}

/// The limits that keep a hostile configuration from costing more than an error.
enum ConfigurationLimits {
  /// The largest configuration that is read, in bytes.
  static let byteCountMax = 4 << 20
  /// The deepest nesting of messages and lists.
  static let depthMax = 32
  /// The most problems that one check reports.
  static let problemCountMax = 20
}

/// The first thing in a text that is not well-formed.
struct ConfigurationSyntaxError: Error {
  var position: SourcePosition
  var message: String
  var fix: String = ""
}
