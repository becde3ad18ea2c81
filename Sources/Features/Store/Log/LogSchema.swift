internal import Rules

/// What the records in a file of the log are: it says so itself, so that a later file of views can
/// read it too.
struct LogSchema: Equatable {
  /// The records of a source, or of a view with attributes.
  struct Table: Equatable {
    var isEvents: Bool
    var name: String
    /// Names and types.
    var fields: [Field]
  }

  struct Field: Equatable {
    var name: String
    var type: String
  }

  var digest: String
  /// Sources first, then the views that have attributes.
  var tables: [Table]

  init(_ definitions: FeatureDefinitions) {
    digest = definitions.digest
    tables = definitions.sources.map {
      Table(isEvents: true, name: $0.name, fields: Self.fields($0.schema))
    }
    for view in definitions.views {
      guard case .attributes(let kind) = view.kind else { continue }
      tables.append(Table(isEvents: false, name: view.name, fields: Self.fields(kind.schema)))
    }
  }

  private static func fields(_ schema: RecordSchema) -> [Field] {
    schema.fields.map { Field(name: $0.name, type: $0.type.rawValue) }
  }

  /// The form in which a file starts with it.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.store(digest)
    bytes.store(UInt32(tables.count))
    for table in tables {
      bytes.append(table.isEvents ? 1 : 0)
      bytes.store(table.name)
      bytes.store(UInt32(table.fields.count))
      for field in table.fields {
        bytes.store(field.name)
        bytes.store(field.type)
      }
    }
    return bytes
  }

  init(reading bytes: ArraySlice<UInt8>) throws(StoredBytes.Short) {
    var reader = StoredBytes(bytes)
    digest = try reader.readText()
    tables = []
    for _ in 0..<(try reader.read(UInt32.self)) {
      var table = Table(isEvents: try reader.read(UInt8.self) == 1, name: "", fields: [])
      table.name = try reader.readText()
      for _ in 0..<(try reader.read(UInt32.self)) {
        let name = try reader.readText()
        table.fields.append(Field(name: name, type: try reader.readText()))
      }
      tables.append(table)
    }
  }
}

extension RecordField {
  /// The type in a word.
  package var typeName: String { type.rawValue }
}
