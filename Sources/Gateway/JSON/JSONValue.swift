/// A whole JSON document, for requests that are small and rare; the data plane reads bytes.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// An integer above `Int64.max`.
  case unsigned(UInt64)
  case number(Double)
  case text(String)
  case array([JSONValue])
  /// In the order of the document; a repeated key keeps all its values.
  case object([(key: String, value: JSONValue)])

  /// Values of one document: two bytes of text become many more in memory.
  private static let valuesMax = 65_536

  /// Reads a whole document of at most 65,536 values.
  ///
  /// - Parameter depthMax: arrays and objects inside each other; at most 64 are read.
  package static func parse(_ bytes: Span<UInt8>, depthMax: Int) throws(JSONError) -> JSONValue {
    var check = JSONCursor(0..<bytes.count)
    try check.skipValue(bytes, depthMax: depthMax)
    try check.expectEnd(bytes)
    var cursor = JSONCursor(0..<bytes.count)
    var left = valuesMax
    return try read(&cursor, bytes, &left)
  }

  /// The first value of a key; `nil` without it, or if this is not an object.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The members of an object; `nil` for other values.
  package var members: [(key: String, value: JSONValue)]? {
    if case .object(let members) = self { return members }
    return nil
  }

  /// The content of a string; `nil` for other values.
  package var string: String? {
    if case .text(let text) = self { return text }
    return nil
  }

  /// A whole number of at least 0; `nil` for other values.
  package var unsignedInteger: UInt64? {
    switch self {
    case .integer(let value): UInt64(exactly: value)
    case .unsigned(let value): value
    case .null, .bool, .number, .text, .array, .object: nil
    }
  }

  /// Reads a value whose depth has been checked: recursion is bounded by it.
  private static func read(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ left: inout Int
  ) throws(JSONError) -> JSONValue {
    guard left > 0 else {
      throw JSONError("the document has more than \(valuesMax) values", at: cursor.position)
    }
    left -= 1
    switch cursor.peek(bytes) {
    case 0x7B:
      var members: [(key: String, value: JSONValue)] = []
      var isFirst = true
      while let key = try cursor.nextKey(bytes, &isFirst) {
        members.append((key.string(in: bytes), try read(&cursor, bytes, &left)))
      }
      return .object(members)
    case 0x5B:
      var elements: [JSONValue] = []
      var isFirst = true
      while try cursor.nextElement(bytes, &isFirst) {
        elements.append(try read(&cursor, bytes, &left))
      }
      return .array(elements)
    case 0x22: return .text(try cursor.string(bytes).string(in: bytes))
    case 0x74, 0x66: return .bool(try cursor.bool(bytes))
    case 0x6E:
      try cursor.literal("null", bytes)
      return .null
    default:
      let number = try cursor.number(bytes)
      if let value = number.integer(as: Int64.self) { return .integer(value) }
      if let value = number.integer(as: UInt64.self) { return .unsigned(value) }
      return .number(number.double(in: bytes))
    }
  }

  package static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.unsigned(let a), .unsigned(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.text(let a), .text(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    case (.null, _), (.bool, _), (.integer, _), (.unsigned, _), (.number, _), (.text, _),
      (.array, _), (.object, _):
      false
    }
  }
}
