internal import NIOCore

/// A JSON document to be written, spelt as literals.
indirect enum JSONTree: Sendable {
  case text(String)
  case integer(Int64)
  case number(Double)
  case bool(Bool)
  case array([JSONTree])
  /// In the order of the document.
  case object([(name: String, value: JSONTree)])

  func write(to body: inout ByteBuffer) {
    switch self {
    case .text(let text): body.writeJSON(string: text)
    case .integer(let value): body.writeJSON(integer: value)
    case .number(let value): body.writeJSON(number: value)
    case .bool(let value): body.writeStaticString(value ? "true" : "false")
    case .array(let elements):
      body.writeStaticString("[")
      for (index, element) in elements.enumerated() {
        if index > 0 { body.writeStaticString(",") }
        element.write(to: &body)
      }
      body.writeStaticString("]")
    case .object(let members):
      body.writeStaticString("{")
      for (index, member) in members.enumerated() {
        if index > 0 { body.writeStaticString(",") }
        body.writeJSON(string: member.name)
        body.writeStaticString(":")
        member.value.write(to: &body)
      }
      body.writeStaticString("}")
    }
  }

  /// Texts as an array.
  static func texts(_ texts: [String]) -> JSONTree { .array(texts.map { .text($0) }) }

  /// An object with the members of another after its own.
  func adding(_ other: [(name: String, value: JSONTree)]) -> JSONTree {
    guard case .object(let members) = self else { return self }
    return .object(members + other)
  }
}

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(stringLiteral value: String) { self = .text(value) }
  init(integerLiteral value: Int64) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
  init(dictionaryLiteral elements: (String, JSONTree)...) {
    self = .object(elements.map { (name: $0.0, value: $0.1) })
  }
}
