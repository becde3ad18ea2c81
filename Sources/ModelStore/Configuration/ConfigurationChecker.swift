/// Checks a parsed configuration against the schema and encodes it as a protobuf message.
///
/// Every problem is reported, up to a limit, each with the place where it stands.
struct ConfigurationChecker {
  /// How the configuration was spelled.
  enum Dialect: Sendable { case text, json }

  let dialect: Dialect
  let file: String
  private let schema = ConfigurationSchema.shared
  private(set) var problems: [ConfigurationProblem] = []
  /// Where each field stands, by its path: `input[0].dims`, `parameters["key"]`.
  private(set) var positions: [String: SourcePosition] = [:]

  init(dialect: Dialect, file: String) {
    self.dialect = dialect
    self.file = file
  }

  /// The encoded message; meaningful only if no problem was found.
  mutating func encode(_ fields: [ConfigurationField]) -> [UInt8] {
    encode(fields, as: schema.root, path: "")
  }

  private mutating func report(_ position: SourcePosition, _ message: String, fix: String = "") {
    guard problems.count < ConfigurationLimits.problemCountMax else { return }
    problems.append(
      ConfigurationProblem(
        file: file, line: position.line, column: position.column, message: message, fix: fix))
  }

  private mutating func encode(
    _ fields: [ConfigurationField], as message: ConfigurationSchema.Message, path: String
  ) -> [UInt8] {
    var writer = WireWriter()
    var seen: [String: SourcePosition] = [:]
    var chosen: [String: String] = [:]
    var counts: [String: Int] = [:]
    for entry in fields {
      guard let field = find(entry.name, in: message) else {
        let place = path.isEmpty ? "a model configuration" : "'\(path)'"
        report(
          entry.position, "unknown field '\(ConfigurationNode.cut(entry.name))' in \(place)",
          fix: NameSuggestion.fix(for: entry.name, among: message.fields.map(\.name)))
        continue
      }
      if case .null = entry.node.value { continue }
      if let first = seen[field.name], !field.isRepeated || dialect == .json {
        report(
          entry.position,
          "the field '\(field.name)' is given twice, first at line \(first.line)",
          fix: "remove one of them")
        continue
      }
      if let group = field.oneof, let other = chosen.updateValue(field.name, forKey: group),
        other != field.name
      {
        report(
          entry.position, "'\(field.name)' and '\(other)' exclude each other",
          fix: "remove one of them")
        continue
      }
      seen[field.name] = entry.position
      let fieldPath = path.isEmpty ? field.name : "\(path).\(field.name)"
      if positions[fieldPath] == nil { positions[fieldPath] = entry.position }
      for node in nodes(of: entry, field: field) {
        let index = counts[field.name, default: 0]
        counts[field.name] = index + 1
        let nodePath = elementPath(of: node, field: field, base: fieldPath, index: index)
        write(node, field: field, path: nodePath, to: &writer)
      }
    }
    return writer.bytes
  }

  private func find(
    _ name: String, in message: ConfigurationSchema.Message
  ) -> ConfigurationSchema.Field? {
    if let field = message.field(named: name) { return field }
    guard dialect == .json else { return nil }
    return message.fields.first { $0.jsonName == name }
  }

  /// The values of one field as written: one, or those of a list.
  private mutating func nodes(
    of entry: ConfigurationField, field: ConfigurationSchema.Field
  ) -> [ConfigurationNode] {
    if field.isMap, dialect == .json { return jsonMapEntries(of: entry, field: field) }
    if case .list(let items) = entry.node.value {
      if field.isRepeated { return items }
      report(entry.node.position, "the field '\(field.name)' takes one value, not a list")
      return []
    }
    if field.isRepeated, dialect == .json {
      report(
        entry.node.position,
        "the field '\(field.name)' takes a list, found \(entry.node.summary)",
        fix: "put it in [ ]")
      return []
    }
    return [entry.node]
  }

  /// A JSON object as the list of key and value messages that a map is made of.
  private mutating func jsonMapEntries(
    of entry: ConfigurationField, field: ConfigurationSchema.Field
  ) -> [ConfigurationNode] {
    guard case .message(let members) = entry.node.value else {
      report(
        entry.node.position,
        "the field '\(field.name)' takes an object, found \(entry.node.summary)")
      return []
    }
    return members.map { member in
      let key = ConfigurationNode(
        position: member.position, value: .string(Array(member.name.utf8)))
      return ConfigurationNode(
        position: member.position,
        value: .message([
          ConfigurationField(name: "key", position: member.position, node: key),
          ConfigurationField(name: "value", position: member.position, node: member.node),
        ]))
    }
  }

  private func elementPath(
    of node: ConfigurationNode, field: ConfigurationSchema.Field, base: String, index: Int
  ) -> String {
    guard field.isRepeated else { return base }
    if field.isMap, case .message(let entry) = node.value,
      let key = entry.first(where: { $0.name == "key" })
    {
      switch key.node.value {
      case .string(let bytes): return "\(base)[\"\(String(decoding: bytes, as: UTF8.self))\"]"
      case .number(let text), .word(let text): return "\(base)[\(text)]"
      case .message, .list, .null: break
      }
    }
    return "\(base)[\(index)]"
  }

  private mutating func write(
    _ node: ConfigurationNode, field: ConfigurationSchema.Field, path: String,
    to writer: inout WireWriter
  ) {
    if positions[path] == nil { positions[path] = node.position }
    switch field.kind {
    case .message(let type):
      guard case .message(let fields) = node.value else {
        report(
          node.position, "the field '\(field.name)' takes a message, found \(node.summary)",
          fix: "write \(field.name) { ... }")
        return
      }
      let content = encode(fields, as: schema.message(type), path: path)
      writer.write(number: field.number, bytes: content)
    case .string:
      guard case .string(let bytes) = node.value else {
        report(
          node.position, "the field '\(field.name)' takes a string, found \(node.summary)",
          fix: "put it in quotes")
        return
      }
      guard String(validating: bytes, as: UTF8.self) != nil else {
        report(node.position, "the string of '\(field.name)' is not valid UTF-8")
        return
      }
      writer.write(number: field.number, bytes: bytes)
    case .enumeration(let type):
      guard let number = enumerationValue(node, field: field, type: type) else { return }
      writer.write(number: field.number, varint: UInt64(bitPattern: Int64(number)))
    case .bool, .int32, .int64, .uint32, .uint64, .float, .double:
      switch ConfigurationScalar.read(node, kind: field.kind, dialect: dialect) {
      case .varint(let value): writer.write(number: field.number, varint: value)
      case .float(let value): writer.write(number: field.number, float: value)
      case .double(let value): writer.write(number: field.number, double: value)
      case .problem(let text):
        report(node.position, "the field '\(field.name)' takes \(text), found \(node.summary)")
      }
    }
  }

  private mutating func enumerationValue(
    _ node: ConfigurationNode, field: ConfigurationSchema.Field, type: String
  ) -> Int? {
    let values = schema.enumerations[type]?.values ?? []
    let names = values.map(\.name)
    let written: String
    switch (node.value, dialect) {
    case (.word(let text), .text): written = text
    case (.string(let bytes), .json): written = String(decoding: bytes, as: UTF8.self)
    case (.number(let text), _):
      if let value = values.first(where: { String($0.number) == text }) { return value.number }
      written = text
    case (.string, .text):
      report(
        node.position, "the field '\(field.name)' takes one of its names, found \(node.summary)",
        fix: "write it without quotes")
      return nil
    case (.word, .json), (.message, _), (.list, _), (.null, _):
      report(
        node.position, "the field '\(field.name)' takes one of its names, found \(node.summary)")
      return nil
    }
    if let value = values.first(where: { $0.name == written }) { return value.number }
    report(
      node.position, "'\(ConfigurationNode.cut(written))' is not a value of '\(field.name)'",
      fix: NameSuggestion.fix(for: written, among: names))
    return nil
  }
}
