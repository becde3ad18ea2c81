internal import Definitions
internal import Rules
internal import Yams

extension PipelineReader {
  /// The types of fields.
  private static let types: [RuleType] = [.bool, .int, .double, .string, .timestamp]

  mutating func readInput(_ node: Node) {
    guard
      let section = section(
        node, "'input'", keys: ["id", "time", "unknown_fields", "fields"], required: ["fields"])
    else { return }
    if let unknown = word(section, "unknown_fields", UnknownFields.self) {
      pipeline.inputs.unknown = unknown
    }
    if let fields = section["fields"] {
      for (key, name, value) in pairs(fields, "'fields'") { readField(key, name, value) }
      if pipeline.inputs.fields.isEmpty { report(fields, "'fields' declares none") }
    }
    pipeline.inputs.idField = inputField(section, "id", of: .string)
    pipeline.inputs.timeField = inputField(section, "time", of: .timestamp)
    if let index = pipeline.inputs.idField { checkID(pipeline.inputs.fields[index], section) }
  }

  /// An id may not be longer than what is recorded.
  private mutating func checkID(_ field: InputField, _ section: Section) {
    let most = InputSchema.idBytesMax
    guard field.lengthMax > most else { return }
    report(
      section["fields"]?[field.name]?["max_length"],
      "the id '\(field.name)' may have \(field.lengthMax) bytes, and records take \(most)",
      "lower 'max_length' to \(most), or remove it")
  }

  /// The field that a key of the section names.
  private mutating func inputField(_ section: Section, _ key: String, of type: RuleType) -> Int? {
    guard let name = text(section, key) else { return nil }
    guard let index = pipeline.inputs.index(of: name) else {
      report(
        section[key], "'\(key)' is '\(name.prefix(80))', which is no field of the input",
        NearestName.fix(for: name, among: pipeline.inputs.fields.map(\.name)))
      return nil
    }
    let field = pipeline.inputs.fields[index]
    guard field.type == type else {
      report(
        section[key], "'\(name)' is of type \(field.type.rawValue)",
        "'\(key)' takes a field of type \(type.rawValue)")
      return nil
    }
    guard !(key == "id" && field.isSensitive) else {
      report(
        section[key], "'\(name)' is sensitive, and ids are recorded",
        "take another field as 'id', or none")
      return nil
    }
    return index
  }

  private mutating func readField(_ key: Node, _ name: String, _ node: Node) {
    guard checkName(key, name) else { return }
    if let word = node.scalar?.string {
      let isOptional = word.hasSuffix("?")
      guard let type = type(node, name, isOptional ? String(word.dropLast()) : word) else { return }
      var field = InputField(name, type)
      field.isOptional = isOptional
      pipeline.inputs.fields.append(field)
      return
    }
    let keys = ["type", "required", "min", "max", "one_of", "max_length", "sensitive"]
    guard let section = section(node, "the field '\(name)'", keys: keys, required: ["type"]),
      let word = text(section, "type"), let type = type(section["type"], name, word)
    else { return }
    var field = InputField(name, type)
    field.isOptional = flag(section, "required") == false
    field.isSensitive = flag(section, "sensitive") ?? false
    readBounds(section, &field)
    pipeline.inputs.fields.append(field)
  }

  private mutating func readBounds(_ section: Section, _ field: inout InputField) {
    let isNumber = field.type == .int || field.type == .double
    for key in ["min", "max"] where section[key] != nil && !isNumber {
      report(
        section[key], "'\(key)' is for numbers; '\(field.name)' is of type \(field.type.rawValue)",
        "remove it")
    }
    for key in ["one_of", "max_length"] where section[key] != nil && field.type != .string {
      report(
        section[key], "'\(key)' is for text; '\(field.name)' is of type \(field.type.rawValue)",
        "remove it")
    }
    field.least = number(section, "min")
    field.most = number(section, "max")
    if let least = field.least, let most = field.most, least > most {
      report(section["max"], "'max' is below 'min': no value can be right", "swap them")
    }
    field.oneOf = list(section["one_of"], "one_of").compactMap { $0.scalar?.string }
      .map { Array($0.utf8) }
    field.lengthMax = whole(section, "max_length", in: 1...65_536) ?? field.lengthMax
    for value in field.oneOf where value.count > field.lengthMax {
      report(section["one_of"], "a value is longer than 'max_length'", "raise 'max_length'")
    }
  }

  private mutating func type(_ node: Node?, _ name: String, _ word: String) -> RuleType? {
    if let type = Self.types.first(where: { $0.rawValue == word }) { return type }
    report(
      node, "the field '\(name)' is of type '\(word.prefix(80))'",
      NearestName.fix(for: word, among: Self.types.map(\.rawValue)))
    return nil
  }

  /// A name that expressions can write.
  private mutating func checkName(_ node: Node, _ name: String) -> Bool {
    if name.contains(".") {
      report(node, "the name '\(name)' has a dot", "use letters, digits and '_'")
      return false
    }
    if ["score", "tier", "outcome", "features"].contains(name) {
      report(node, "the name '\(name)' has a meaning of its own in rules", "choose another name")
      return false
    }
    do throws(RuleSchemaError) {
      _ = try RuleSchema([RuleField(name, .double)])
      return true
    } catch {
      for problem in error.problems { report(node, problem, "choose another name") }
      return false
    }
  }
}
