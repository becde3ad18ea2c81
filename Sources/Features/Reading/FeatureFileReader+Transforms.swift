internal import Definitions
internal import Rules
internal import Yams

extension FeatureFileReader {
  private static let kinds = ["scale", "bucketize", "one_hot", "hash", "lookup", "expression"]

  mutating func readTransform(_ node: Node) {
    let name = node.mapping?["name"]?.scalar?.string ?? ""
    declaring([name]) { $0.readDeclared(node) }
  }

  private mutating func readDeclared(_ node: Node) {
    guard
      let section = section(
        node, "a transform", keys: ["name", "type", "default"] + Self.kinds, required: ["name"]),
      let name = text(section, "name"), let nameNode = section["name"], checkName(nameNode, name)
    else { return }
    let given = Self.kinds.filter { section[$0] != nil }
    guard given.count == 1, let kind = given.first, let value = section[kind] else {
      return report(
        node, "the transform '\(name)' says \(given.isEmpty ? "not what it does" : "two things")",
        "give one of " + list(Self.kinds))
    }
    let known =
      definitions.slots.map(\.name) + definitions.views.map(\.name)
      + definitions.transforms.map(\.name)
    if known.contains(name) {
      return report(nameNode, "the name '\(name)' is taken", "choose another name")
    }
    if kind != "expression", let type = section["type"] {
      report(type, "'type' goes with 'expression'", "remove it")
    }
    switch kind {
    case "scale": readScale(value, name, section)
    case "bucketize": readBucketize(value, name, section)
    case "one_hot": readOneHot(value, name, section)
    case "hash": readHash(value, name, section)
    case "lookup": readLookup(value, name, section)
    default: readExpression(value, name, section)
    }
  }

  private mutating func append(
    _ name: String, _ kind: Transform.Kind, _ inputs: [Int], _ type: RuleType,
    _ defaultNode: Node?, outputs: [String]? = nil
  ) {
    let first = definitions.slots.count
    let bits = defaultBits(defaultNode, type)
    for output in outputs ?? [name] {
      definitions.slots.append(
        FeatureSlot(
          name: output, type: type, isNullable: bits == nil && outputs == nil, defaultBits: bits))
    }
    definitions.transforms.append(
      Transform(
        name: name, kind: kind, inputs: inputs, firstSlot: first, outputs: outputs?.count ?? 1))
  }

  /// The slot that a transform reads.
  private mutating func input(_ node: Node?, _ what: String, isNumber: Bool) -> Int? {
    guard let node, let name = node.scalar?.string else {
      report(node, "\(what): 'of' takes the name of a request field or feature")
      return nil
    }
    guard let slot = definitions.slots.firstIndex(where: { $0.name == name }) else {
      if skips(name) { return nil }
      report(
        node, "\(what): no request field or feature is named '\(name.prefix(80))'",
        NearestName.fix(for: name, among: definitions.slots.map(\.name)))
      return nil
    }
    let type = definitions.slots[slot].type
    let fits =
      isNumber ? definitions.slots[slot].isNumber : [.string, .int, .bool].contains(type)
    guard fits else {
      report(
        node, "\(what): '\(name)' is of type \(type.rawValue)",
        isNumber ? "use a number" : "use a string, int or bool; bucketize numbers first")
      return nil
    }
    return slot
  }

  private mutating func readScale(_ node: Node, _ name: String, _ section: Section) {
    let keys = ["of", "mean", "deviation", "minimum", "maximum"]
    guard let scale = self.section(node, "'scale'", keys: keys, required: ["of"]),
      let slot = input(scale["of"], "'\(name)'", isNumber: true)
    else { return }
    let mean = number(scale["mean"], "mean")
    let deviation = number(scale["deviation"], "deviation")
    let minimum = number(scale["minimum"], "minimum")
    let maximum = number(scale["maximum"], "maximum")
    let isStandard = scale["mean"] != nil && scale["deviation"] != nil && scale.count == 3
    let isRange = scale["minimum"] != nil && scale["maximum"] != nil && scale.count == 3
    guard isStandard || isRange else {
      return report(
        node, "'\(name)' does not say how it scales",
        "give 'mean' and 'deviation', or 'minimum' and 'maximum'")
    }
    guard let offset = mean ?? minimum, let end = deviation ?? maximum else { return }
    let divisor = isStandard ? end : end - offset
    guard divisor > 0, divisor.isFinite else {
      return report(
        scale[isStandard ? "deviation" : "maximum"], "'\(name)' would divide by \(divisor)",
        isStandard ? "use a deviation above 0" : "use a maximum above the minimum")
    }
    append(name, .scale(offset: offset, divisor: divisor), [slot], .double, section["default"])
  }

  private mutating func readBucketize(_ node: Node, _ name: String, _ section: Section) {
    guard
      let buckets = self.section(
        node, "'bucketize'", keys: ["of", "boundaries"], required: ["of", "boundaries"]),
      let slot = input(buckets["of"], "'\(name)'", isNumber: true)
    else { return }
    var boundaries: [Double] = []
    for element in list(buckets["boundaries"], "boundaries") {
      guard let value = number(element, "boundaries") else { return }
      if let last = boundaries.last, value <= last {
        return report(element, "the boundary \(value) is not above \(last)", "let them ascend")
      }
      boundaries.append(value)
    }
    append(name, .bucketize(boundaries), [slot], .int, section["default"])
  }

  private mutating func readOneHot(_ node: Node, _ name: String, _ section: Section) {
    guard
      let oneHot = self.section(
        node, "'one_hot'", keys: ["of", "values"], required: ["of", "values"]),
      let slot = input(oneHot["of"], "'\(name)'", isNumber: false)
    else { return }
    if let node = section["default"] {
      report(node, "'one_hot' takes no default", "remove it: without a value all outputs are 0")
    }
    var values: [[UInt8]] = []
    var names: [String] = []
    for element in list(oneHot["values"], "values") {
      guard let text = element.scalar?.string else {
        return report(element, "'values' takes single values")
      }
      let word = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
      let output = "\(name)_\(word)"
      let isTaken = definitions.slots.contains { $0.name == output }
      if names.contains(output) || isTaken || output == "\(name)_other" {
        return report(
          element, "the value '\(text)' would be named '\(output)', as another one",
          "leave one of them out")
      }
      values.append(Array(text.utf8))
      names.append(output)
    }
    guard values.count <= 1_024 else {
      return report(node, "\(values.count) values", "use at most 1024, or 'hash'")
    }
    append(
      name, .oneHot(values), [slot], .int, nil, outputs: names + ["\(name)_other"])
  }

  private mutating func readHash(_ node: Node, _ name: String, _ section: Section) {
    guard
      let hash = self.section(
        node, "'hash'", keys: ["of", "buckets"], required: ["of", "buckets"])
    else { return }
    let inputs = list(hash["of"], "of").compactMap { input($0, "'\(name)'", isNumber: false) }
    guard let buckets = whole(hash, "buckets", in: 1...1_000_000_000), !inputs.isEmpty else {
      return
    }
    append(name, .hash(buckets: UInt64(buckets)), inputs, .int, section["default"])
  }

  private mutating func readLookup(_ node: Node, _ name: String, _ section: Section) {
    guard
      let lookup = self.section(
        node, "'lookup'", keys: ["of", "table"], required: ["of", "table"]),
      let slot = input(lookup["of"], "'\(name)'", isNumber: false), let table = lookup["table"]
    else { return }
    var values: [[UInt8]: Double] = [:]
    for (_, key, value) in pairs(table, "'table'") {
      guard let number = number(value, key) else { return }
      values[Array(key.utf8)] = number
    }
    append(name, .lookup(values), [slot], .double, section["default"])
  }

  private mutating func readExpression(_ node: Node, _ name: String, _ section: Section) {
    guard section["type"] != nil else {
      return report(node, "the type of '\(name)' is not said", "add 'type: double'")
    }
    guard let type = resultType(section) else { return }
    let names = definitions.slots.enumerated().map { index, slot in
      (field: RuleField(slot.name, slot.type, isNullable: slot.isNullable), input: index)
    }
    guard let compiled = expression(node, "'\(name)'", names: names, type: type) else { return }
    definitions.expressions.append(compiled)
    append(
      name, .expression(definitions.expressions.count - 1), compiled.inputs, type,
      section["default"])
  }
}
