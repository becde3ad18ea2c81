package import Rules

/// One declared member of the records of a source.
package struct RecordField: Sendable, Hashable {
  package let name: String
  /// `bool`, `int`, `double`, `string` or `timestamp`.
  package let type: RuleType
  /// Whether a record may lack it.
  package let isNullable: Bool

  /// A field; the reader of feature files checks the name.
  package init(_ name: String, _ type: RuleType, isNullable: Bool = false) {
    self.name = name
    self.type = type
    self.isNullable = isNullable
  }
}

/// How instants are written in a source.
package enum TimeUnit: String, Sendable, Hashable, CaseIterable {
  case rfc3339
  case seconds
  case milliseconds
  case microseconds
  case nanoseconds

  /// Nanoseconds of one unit; `nil` for text.
  var length: Int64? {
    switch self {
    case .rfc3339: nil
    case .seconds: 1_000_000_000
    case .milliseconds: 1_000_000
    case .microseconds: 1_000
    case .nanoseconds: 1
    }
  }
}

/// What records hold: the instant, an identity, and typed fields.
package struct RecordSchema: Sendable {
  /// The most fields of one schema: each has a bit in a record.
  package static let fieldsMax = 64

  /// The declared fields; the last one may be the time, which expressions then see.
  package let fields: [RecordField]
  /// The member that holds the event time.
  package let timeName: String
  /// How event times (and fields of type timestamp) are written.
  package let timeUnit: TimeUnit
  /// The member that tells events apart; `nil` where records have no identity.
  package let idName: String?
  /// The field that is the time itself, if expressions may read it.
  let timeField: Int?

  /// A schema; the time becomes a field of its own unless one of that name is declared.
  package init(
    fields: [RecordField], timeName: String, timeUnit: TimeUnit = .rfc3339, idName: String? = nil
  ) {
    var fields = fields
    if let index = fields.firstIndex(where: { $0.name == timeName }) {
      timeField = fields[index].type == .timestamp ? index : nil
    } else if fields.count < Self.fieldsMax {
      timeField = fields.count
      fields.append(RecordField(timeName, .timestamp))
    } else {
      timeField = nil
    }
    self.fields = fields
    self.timeName = timeName
    self.timeUnit = timeUnit
    self.idName = idName
  }

  /// The index of a field, for an ``EventRecord``; `nil` if it is not declared.
  package func index(of name: String) -> Int? { fields.firstIndex { $0.name == name } }
}
