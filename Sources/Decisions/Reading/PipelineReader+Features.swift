internal import Definitions
internal import Features
internal import Rules
internal import Yams

extension PipelineReader {
  mutating func readFeatures(_ node: Node, open: (String) -> String?) {
    hasBrokenViews = true
    guard
      let section = section(
        node, "'features'", keys: ["views", "service"], required: ["views", "service"]),
      let file = text(section, "views"), let service = text(section, "service")
    else { return }
    let folder = source.path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let full =
      file.hasPrefix("/") || folder.isEmpty ? file : folder.joined(separator: "/") + "/" + file
    guard let text = open(full) else {
      report(section["views"], "'\(full)' cannot be read as UTF-8", "check the path")
      return
    }
    let definitions: FeatureDefinitions
    do throws(DefinitionError) {
      definitions = try FeatureFile.parse(text, path: full)
    } catch {
      source.problems += error.problems
      return
    }
    guard let index = definitions.service(named: service) else {
      report(
        section["service"], "no service is named '\(service.prefix(80))' in \(file)",
        NearestName.fix(for: service, among: definitions.services.map(\.name)))
      return
    }
    var use = FeatureUse(definitions: definitions)
    use.path = full
    use.service = index
    if let request = definitions.request {
      let read = definitions.services[index].requestFields
      use.request = copies(to: request, only: read, section["service"], "features of '\(service)'")
    }
    pipeline.features = use
    hasBrokenViews = false
  }

  /// How the fields of a record come from the input.
  ///
  /// - Parameter only: the fields that are needed; all if `nil`.
  private mutating func copies(
    to schema: RecordSchema, only needed: Set<Int>?, _ node: Node?, _ what: String
  ) -> [FeatureUse.FieldCopy] {
    var copies: [FeatureUse.FieldCopy] = []
    for (index, field) in schema.fields.enumerated() where field.name != schema.timeName {
      let isNeeded = needed?.contains(index) ?? true
      guard let input = pipeline.inputs.index(of: field.name) else {
        if isNeeded, !field.isNullable {
          report(
            node, "\(what) need '\(field.name)', which is no field of the input",
            "add '\(field.name): \(field.type.rawValue)' to the input's fields")
        }
        continue
      }
      let given = pipeline.inputs.fields[input]
      guard given.type == field.type else {
        report(
          node,
          "'\(field.name)' is of type \(given.type.rawValue) in the input and "
            + "\(field.type.rawValue) in the views",
          "declare it the same in both")
        continue
      }
      if given.isOptional, !field.isNullable, isNeeded {
        report(
          node, "\(what) need '\(field.name)', which the input may lack",
          "make it required, or declare it '\(field.type.rawValue)?' in the views")
      }
      copies.append(.init(record: index, input: input))
    }
    return copies
  }

  mutating func readEvent(_ node: Node) {
    guard let section = section(node, "'event'", keys: ["source"], required: ["source"]),
      let name = text(section, "source")
    else { return }
    guard var use = pipeline.features else {
      if hasBrokenViews { return }
      return report(node, "there are no feature views that could take events", "add 'features'")
    }
    guard let index = use.definitions.source(named: name) else {
      return report(
        section["source"], "no source is named '\(name.prefix(80))'",
        NearestName.fix(for: name, among: use.definitions.sources.map(\.name)))
    }
    let schema = use.definitions.sources[index].schema
    use.event = index
    use.eventFields = copies(to: schema, only: nil, section["source"], "events of '\(name)'")
    if let id = schema.idName { use.idField = pipeline.inputs.index(of: id) }
    if let field = use.idField, pipeline.inputs.fields[field].type != .string {
      report(
        section["source"],
        "the identity of events, '\(schema.idName ?? "")', is no text in the input",
        "declare it as string")
    }
    pipeline.features = use
  }

  /// The names that expressions read.
  mutating func makeFields(_ root: Node) {
    var fields = pipeline.inputs.fields.map {
      RuleField($0.name, $0.type, isNullable: $0.isOptional)
    }
    var places = PipelineFields()
    if let use = pipeline.features {
      let service = use.definitions.services[use.service]
      for (feature, slot) in service.slots.enumerated() {
        let read = use.definitions.slots[slot]
        if pipeline.inputs.index(of: read.name) != nil { continue }
        places.featureFields.append((feature, fields.count, read.type))
        // Any feature may be missing where reading them takes too long.
        fields.append(RuleField(read.name, read.type, isNullable: true))
      }
    }
    places.stale = fields.count
    fields.append(RuleField("features.stale", .int))
    places.missing = fields.count
    fields.append(RuleField("features.missing", .int))
    places.oldest = fields.count
    fields.append(RuleField("features.oldest", .duration, isNullable: true))
    places.score = fields.count
    fields.append(RuleField("score", .double, isNullable: true))
    places.tier = fields.count
    fields.append(RuleField("tier", .string, isNullable: true))
    places.outcome = fields.count
    fields.append(RuleField("outcome", .string, isNullable: true))
    do throws(RuleSchemaError) {
      places.schema = try RuleSchema(fields)
    } catch {
      for problem in error.problems {
        report(root, "names of fields and features: \(problem)", "rename one of them")
      }
    }
    pipeline.fields = places
  }
}
