package import Rules

/// What a request holds: its fields, and what their values may be.
package struct InputSchema: Sendable {
  /// The most bytes (UTF-8) of an id: records take no longer one.
  package static let idBytesMax = 1_024

  /// In the order of a ``DecisionInput``.
  package var fields: [InputField] = []
  /// What becomes of members that are not declared.
  package var unknown = UnknownFields.refuse
  /// The field that identifies the request; the same id gets the same answer. Its values are not
  /// empty, have at most ``idBytesMax`` bytes, and no zero byte.
  package var idField: Int?
  /// The field with the event time; without one the present counts.
  package var timeField: Int?

  package init() {}

  /// The index of a field; `nil` if it is not declared.
  package func index(of name: String) -> Int? { fields.firstIndex { $0.name == name } }
}

/// What becomes of members of a request that are not declared.
package enum UnknownFields: String, Sendable, CaseIterable {
  /// The request is refused: a misspelt field would otherwise be missing silently.
  case refuse
  /// They are passed over.
  case ignore
}

/// One declared field of a request.
package struct InputField: Sendable {
  package let name: String
  /// `bool`, `int`, `double`, `string` or `timestamp`.
  package let type: RuleType
  /// Whether a request may lack it.
  package var isOptional = false
  /// Bounds of numbers, both inclusive.
  package var least: Double?
  package var most: Double?
  /// The values that a text may have; empty for any.
  package var oneOf: [[UInt8]] = []
  /// Bytes (UTF-8) of a text.
  package var lengthMax = 1_024
  /// Whether its value stays out of records and logs.
  package var isSensitive = false
  /// The name as UTF-8.
  let nameBytes: [UInt8]

  /// A field of any value.
  package init(_ name: String, _ type: RuleType) {
    self.name = name
    self.type = type
    nameBytes = Array(name.utf8)
  }
}
