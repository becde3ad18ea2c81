internal import Definitions
internal import Rules
internal import Yams

extension FeatureFileReader {
  mutating func readSources(_ node: Node) {
    let keys = ["time", "time_unit", "id", "lateness", "future", "ids_max", "fields"]
    for (key, name, value) in pairs(node, "'sources'") {
      markBroken(name)
      guard checkName(key, name),
        let section = section(
          value, "the source '\(name)'", keys: keys, required: ["time", "id", "fields"])
      else { continue }
      guard let schema = schema(section, "the source '\(name)'") else { continue }
      markWhole(name)
      definitions.sources.append(
        SourceDefinition(
          name: name, schema: schema,
          lateness: span(section, "lateness") ?? 60_000_000_000,
          future: span(section, "future") ?? 60_000_000_000,
          idsMax: whole(section, "ids_max", in: 1...1_000_000_000) ?? 2_000_000))
    }
  }

  /// Time, identity and fields of records.
  mutating func schema(_ section: Section, _ what: String) -> RecordSchema? {
    let unit = word(section, "time_unit", TimeUnit.self) ?? .rfc3339
    let id = text(section, "id")
    guard let node = section["fields"], let time = text(section, "time") else { return nil }
    let fields = fields(node)
    if fields.count >= RecordSchema.fieldsMax {
      report(
        node, "\(what) declares \(fields.count) fields",
        "declare at most \(RecordSchema.fieldsMax - 1): only those that are used are needed")
      return nil
    }
    return RecordSchema(fields: fields, timeName: time, timeUnit: unit, idName: id)
  }

  /// Fields as `name: type` or `name: type?`.
  mutating func fields(_ node: Node) -> [RecordField] {
    let types: [RuleType] = [.bool, .int, .double, .string, .timestamp]
    return pairs(node, "'fields'").compactMap { key, name, value in
      guard checkName(key, name) else { return nil }
      let word = value.scalar?.string ?? ""
      let isNullable = word.hasSuffix("?")
      let plain = isNullable ? String(word.dropLast()) : word
      guard let type = types.first(where: { $0.rawValue == plain }) else {
        report(
          value, "the field '\(name)' is of type '\(word.prefix(80))'",
          NearestName.fix(for: plain, among: types.map(\.rawValue))
            + ", with '?' behind it where the field may be missing")
        return nil
      }
      return RecordField(name, type, isNullable: isNullable)
    }
  }

  mutating func readEntities(_ node: Node) {
    for (key, name, value) in pairs(node, "'entities'") {
      markBroken(name)
      guard checkName(key, name),
        let section = section(
          value, "the entity '\(name)'", keys: ["key", "keys_max"], required: ["key"])
      else { continue }
      let keys = list(section["key"], "key").compactMap { $0.scalar?.string }
      if keys.isEmpty || Set(keys).count < keys.count {
        report(section["key"], "'key' takes a field, or a list of different ones")
        continue
      }
      markWhole(name)
      definitions.entities.append(
        EntityDefinition(
          name: name, keys: keys,
          keysMax: whole(section, "keys_max", in: 1...1_000_000_000) ?? 10_000_000))
    }
  }

  /// What vectors are asked with: the events of a source, or records of their own.
  mutating func readRequest(_ node: Node?) {
    declaring([Self.request]) { $0.readRequestSection(node) }
    for field in definitions.request?.fields ?? [] {
      definitions.slots.append(
        FeatureSlot(name: field.name, type: field.type, isNullable: field.isNullable))
    }
  }

  /// No name has a space, so this one stands for the section.
  static let request = "the request"

  private mutating func readRequestSection(_ node: Node?) {
    if let node {
      let keys = ["source", "time", "time_unit", "id", "fields"]
      guard let section = section(node, "'request'", keys: keys) else { return }
      if let name = text(section, "source") {
        guard let index = definitions.source(named: name) else {
          return report(
            section["source"], "no source is named '\(name)'",
            NearestName.fix(for: name, among: definitions.sources.map(\.name)))
        }
        if section.count > 1 {
          report(node, "'request' has both 'source' and a declaration of its own", "keep one")
        }
        definitions.requestSource = index
      } else {
        guard section["time"] != nil, section["fields"] != nil else {
          return report(node, "'request' takes 'source', or 'time' and 'fields'")
        }
        definitions.request = schema(section, "'request'")
      }
    } else if definitions.sources.count == 1 {
      definitions.requestSource = 0
    }
    if let index = definitions.requestSource {
      definitions.request = definitions.sources[index].schema
    }
  }
}
