internal import Rules

/// Reads the records of one table of a log, which may have been written for other views.
struct StoredTable {
  /// Whether its records are events; attributes otherwise.
  let isEvents: Bool
  /// The source or the view; `nil` if it is no longer declared.
  let target: Int?
  /// By field of the log: the field now, and whether it is text.
  private let fields: [(now: Int?, isText: Bool)]
  /// The records at hand; their memory is used again.
  private(set) var records: [EventRecord]
  /// Records read before they are taken in.
  static let piece = 64

  /// - Throws: what does not fit, in words.
  init(
    _ table: LogSchema.Table, _ definitions: FeatureDefinitions
  ) throws(StoredMismatch) {
    isEvents = table.isEvents
    var schema = RecordSchema(fields: [], timeName: "time")
    if table.isEvents {
      target = definitions.source(named: table.name)
      if let target { schema = definitions.sources[target].schema }
    } else {
      target = definitions.views.firstIndex { $0.name == table.name && $0.isAttributes }
      if let target, case .attributes(let view) = definitions.views[target].kind {
        schema = view.schema
      }
    }
    records = [EventRecord](repeating: EventRecord(schema), count: Self.piece)
    var fields: [(now: Int?, isText: Bool)] = []
    for field in table.fields {
      let now = schema.index(of: field.name)
      if let now, schema.fields[now].type.rawValue != field.type {
        throw StoredMismatch(
          what: "field '\(field.name)' of '\(table.name)' is \(field.type) in the log and "
            + "\(schema.fields[now].type.rawValue) in the file of views")
      }
      fields.append((now, field.type == RuleType.string.rawValue))
    }
    self.fields = fields
  }

  /// Reads one record into the place `index` of ``records``.
  mutating func read(_ reader: inout StoredBytes, at index: Int) throws(StoredBytes.Short) {
    try Self.read(&reader, fields, &records[index])
  }

  private static func read(
    _ reader: inout StoredBytes, _ fields: [(now: Int?, isText: Bool)],
    _ record: inout EventRecord
  ) throws(StoredBytes.Short) {
    record.clear()
    record.set(time: try reader.read(Int64.self))
    let present = try reader.read(UInt64.self)
    let count = Int(try reader.read(UInt32.self))
    record.setID(record.append(try reader.read(count: count)))
    for index in fields.indices where present >> UInt64(index) & 1 == 1 {
      if fields[index].isText {
        let count = Int(try reader.read(UInt32.self))
        let text = try reader.read(count: count)
        if let now = fields[index].now { record.setText(now, record.append(text)) }
      } else {
        let bits = try reader.read(UInt64.self)
        if let now = fields[index].now { record.set(now, int: Int64(bitPattern: bits)) }
      }
    }
  }
}

/// Why records of a log cannot be read for other views.
struct StoredMismatch: Error { var what: String }

extension ViewDefinition {
  /// Whether the view keeps attributes, not windows.
  var isAttributes: Bool {
    if case .attributes = kind { return true }
    return false
  }
}
