internal import Definitions
internal import Rules
internal import Windowing
internal import Yams

extension FeatureFileReader {
  private static let viewKeys = [
    "entity", "source", "filter", "windows", "features", "derived", "attributes", "ttl", "stale",
  ]

  mutating func readViews(_ node: Node) {
    for (key, name, value) in pairs(node, "'views'") {
      let count = definitions.views.count
      readView(key, name, value)
      if definitions.views.count == count { markBroken(name) }
    }
  }

  private mutating func readView(_ key: Node, _ name: String, _ value: Node) {
    guard checkName(key, name) else { return }
    if definitions.slots.contains(where: { $0.name == name }) {
      return report(
        key, "the view '\(name)' has the name of a request field", "choose another name")
    }
    guard
      let section = section(
        value, "the view '\(name)'", keys: Self.viewKeys, required: ["entity"]),
      let word = text(section, "entity")
    else { return }
    guard let entity = definitions.entities.firstIndex(where: { $0.name == word }) else {
      if skips(word) { return }
      return report(
        section["entity"], "no entity is named '\(word)'",
        NearestName.fix(for: word, among: definitions.entities.map(\.name)))
    }
    if let attributes = section["attributes"] {
      readAttributes(attributes, name: name, entity: entity, section)
    } else {
      readWindows(value, name: name, entity: entity, section)
    }
  }

  /// The fields of a schema that make an entity's key.
  mutating func keyFields(
    _ entity: Int, in schema: RecordSchema, _ node: Node?, _ what: String
  ) -> [Int]? {
    var fields: [Int] = []
    let definition = definitions.entities[entity]
    for key in definition.keys {
      guard let field = schema.index(of: key) else {
        report(
          node, "\(what) has no field '\(key)', the key of '\(definition.name)'",
          NearestName.fix(for: key, among: schema.fields.map(\.name)))
        return nil
      }
      guard [.string, .int].contains(schema.fields[field].type) else {
        report(
          node, "the key '\(key)' is of type \(schema.fields[field].type.rawValue) in \(what)",
          "declare it string or int")
        return nil
      }
      fields.append(field)
    }
    return fields
  }

  private mutating func readWindows(_ node: Node, name: String, entity: Int, _ section: Section) {
    guard let word = text(section, "source") else {
      return report(
        node, "the view '\(name)' has neither 'source' nor 'attributes'", "add 'source: …'")
    }
    guard let source = definitions.source(named: word) else {
      if skips(word) { return }
      return report(
        section["source"], "no source is named '\(word)'",
        NearestName.fix(for: word, among: definitions.sources.map(\.name)))
    }
    let schema = definitions.sources[source].schema
    let keys = keyFields(entity, in: schema, section["source"], "the source '\(word)'")
    var draft = ViewDraft(
      name: name, names: Self.names(of: schema), schema: schema,
      lateness: definitions.sources[source].lateness, firstSlot: definitions.slots.count)
    draft.ttl = span(section, "ttl", from: 1)
    draft.onStale = self.word(section, "stale", StalePolicy.self)
    draft.filter = section["filter"].flatMap {
      expression($0, "the filter of '\(name)'", names: draft.names, type: .bool)
    }
    for element in list(section["windows"], "windows") { readWindow(element, into: &draft) }
    let features = list(section["features"], "features")
    if features.isEmpty { report(node, "the view '\(name)' has no 'features'", "list them") }
    for element in features { readFeature(element, into: &draft) }
    do throws(WindowError) {
      let plan = try AggregatePlan(
        windows: draft.specs, outputs: draft.outputs,
        lateness: definitions.sources[source].lateness)
      guard let keys else { return }
      let slots = draft.outputs.count
      let kind = WindowedView(
        source: source, plan: plan, filter: draft.filter, filters: draft.filters,
        valueFields: draft.valueFields, hashFields: draft.hashFields, keyFields: keys)
      definitions.views.append(
        ViewDefinition(
          name: name, entity: entity, kind: .windows(kind), firstSlot: draft.firstSlot,
          slotCount: slots))
      for element in list(section["derived"], "derived") { readDerived(element, of: name) }
    } catch {
      report(node, "the view '\(name)': \(error)")
    }
  }

  static func names(of schema: RecordSchema) -> [(field: RuleField, input: Int)] {
    schema.fields.enumerated().map { index, field in
      (RuleField(field.name, field.type, isNullable: field.isNullable), index)
    }
  }

  private mutating func readWindow(_ node: Node, into draft: inout ViewDraft) {
    var length = node
    var hop: Int64?
    if node.mapping != nil {
      guard let section = section(node, "a window", keys: ["length", "hop"], required: ["length"]),
        let node = section["length"]
      else { return }
      length = node
      hop = span(section, "hop", from: 1_000_000)
    }
    guard let nanoseconds = span(length, "window", from: 1_000_000),
      let text = length.scalar?.string
    else { return }
    guard !draft.windows.contains(where: { $0.name == text }) else {
      return report(length, "the window '\(text)' is given twice", "keep one of them")
    }
    let window = ViewDraft.Window(
      name: text, length: nanoseconds, hop: hop ?? WindowSpec.defaultHop(length: nanoseconds))
    do throws(WindowError) {
      _ = try WindowSpec(length: window.length, hop: window.hop)
      draft.windows.append(window)
    } catch {
      report(node, "the window '\(text)': \(error)")
    }
  }

  private mutating func readAttributes(
    _ node: Node, name: String, entity: Int, _ view: Section
  ) {
    for key in ["source", "filter", "windows", "features"] where view[key] != nil {
      report(view[key], "'\(key)' does not go with 'attributes'", "use a view of its own")
    }
    let keys = ["file", "time", "time_unit", "fields"]
    guard
      let section = section(
        node, "'attributes'", keys: keys, required: ["file", "time", "fields"]),
      let file = text(section, "file"), let fieldsNode = section["fields"]
    else { return }
    let unit = word(section, "time_unit", TimeUnit.self) ?? .rfc3339
    let ttl = span(view, "ttl", from: 1)
    let onStale = word(view, "stale", StalePolicy.self) ?? .serve
    let keyNames = definitions.entities[entity].keys
    let keyFields = keyNames.map { RecordField($0, keyType($0)) }
    let firstSlot = definitions.slots.count
    var fields: [RecordField] = []
    for (key, field, value) in pairs(fieldsNode, "'fields'") {
      guard let read = attribute(key, field, value) else { continue }
      if keyNames.contains(field) {
        report(key, "'\(field)' is the key: it is read without being declared", "remove it")
        continue
      }
      fields.append(read.field)
      definitions.slots.append(
        FeatureSlot(
          name: "\(name).\(field)", type: read.field.type, isNullable: read.defaultBits == nil,
          defaultBits: read.defaultBits, ttl: read.ttl ?? ttl,
          onStale: read.onStale ?? onStale))
      checkStale(definitions.slots.count - 1, value)
    }
    let schema = RecordSchema(
      fields: keyFields + fields, timeName: text(section, "time") ?? "time", timeUnit: unit)
    let kind = AttributeView(
      schema: schema, file: file, keyFields: Array(keyFields.indices),
      fields: fields.indices.map { keyFields.count + $0 })
    definitions.views.append(
      ViewDefinition(
        name: name, entity: entity, kind: .attributes(kind), firstSlot: firstSlot,
        slotCount: definitions.slots.count - firstSlot))
    for element in list(view["derived"], "derived") { readDerived(element, of: name) }
  }

  /// An attribute as `name: type`, or as a section with `type`, `default`, `ttl` and `stale`.
  private mutating func attribute(
    _ key: Node, _ name: String, _ value: Node
  ) -> (field: RecordField, defaultBits: UInt64?, ttl: Int64?, onStale: StalePolicy?)? {
    guard checkName(key, name) else { return nil }
    var options: Section = ["type": value]
    if value.mapping != nil {
      let keys = ["type", "default", "ttl", "stale"]
      guard let read = section(value, "the attribute '\(name)'", keys: keys, required: ["type"])
      else { return nil }
      options = read
    }
    let types: [RuleType] = [.bool, .int, .double, .string]
    let word = (text(options, "type") ?? "").replacing("?", with: "")
    guard let type = types.first(where: { $0.rawValue == word }) else {
      report(
        options["type"], "the attribute '\(name)' is of type '\(word.prefix(80))'",
        NearestName.fix(for: word, among: types.map(\.rawValue)))
      return nil
    }
    return (
      RecordField(name, type, isNullable: true), defaultBits(options["default"], type),
      span(options, "ttl", from: 1), self.word(options, "stale", StalePolicy.self)
    )
  }

  /// A key has the type that requests or sources give it.
  private func keyType(_ name: String) -> RuleType {
    let schemas = [definitions.request].compactMap { $0 } + definitions.sources.map(\.schema)
    for schema in schemas {
      if let field = schema.index(of: name) { return schema.fields[field].type }
    }
    return .string
  }

  /// The bits of a default of a type.
  mutating func defaultBits(_ node: Node?, _ type: RuleType) -> UInt64? {
    guard let node else { return nil }
    let text = node.scalar?.string ?? ""
    switch type {
    case .double: return number(node, "default")?.bitPattern
    case .int:
      if let value = Int64(text) { return UInt64(bitPattern: value) }
    case .bool:
      if let value = Bool(text) { return value ? 1 : 0 }
    case .string, .timestamp, .duration, .null:
      report(node, "text has no default", "use a lookup with a default")
      return nil
    }
    report(node, "'default' is '\(text.prefix(80))'", "use a value of type \(type.rawValue)")
    return nil
  }

  mutating func checkStale(_ slot: Int, _ node: Node) {
    let read = definitions.slots[slot]
    if read.onStale == .default, read.ttl != nil, read.defaultBits == nil {
      report(
        node, "'\(read.name)' gives its default when stale, but has none", "add 'default: …'")
    }
  }
}

/// A view of windows while it is read.
struct ViewDraft {
  struct Window {
    var name: String
    var length: Int64
    var hop: Int64
  }

  /// The most hops that a key is kept for: window, delay and lateness together.
  static let hopsMax: Int64 = 60_000

  let name: String
  let names: [(field: RuleField, input: Int)]
  let schema: RecordSchema
  /// Nanoseconds, of the source.
  let lateness: Int64
  let firstSlot: Int
  var ttl: Int64?
  var onStale: StalePolicy?
  var filter: SlotExpression?
  var windows: [Window] = []
  /// Windows with their delays, as the plan has them.
  var specs: [WindowSpec] = []
  var outputs: [AggregateOutput] = []
  var filters: [SlotExpression] = []
  var valueFields: [Int] = []
  var hashFields: [Int] = []

  /// The place of a field among the values (or hashes) of the plan.
  mutating func input(_ field: Int, isHash: Bool) -> Int {
    let known = isHash ? hashFields : valueFields
    if let index = known.firstIndex(of: field) { return index }
    if isHash { hashFields.append(field) } else { valueFields.append(field) }
    return known.count
  }

  /// The place of a filter; equal texts share one.
  mutating func place(_ filter: SlotExpression) -> Int {
    let text = filter.compiled.source
    if let index = filters.firstIndex(where: { $0.compiled.source == text }) { return index }
    filters.append(filter)
    return filters.count - 1
  }

  mutating func place(_ spec: WindowSpec) -> Int {
    if let index = specs.firstIndex(of: spec) { return index }
    specs.append(spec)
    return specs.count - 1
  }
}
