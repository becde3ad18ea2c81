internal import Definitions
internal import Rules
internal import Yams

extension FeatureFileReader {
  mutating func readServices(_ node: Node) {
    definitions.requestKeys = definitions.entities.map { entity in
      entity.keys.compactMap { definitions.request?.index(of: $0) }
    }
    for (key, name, value) in pairs(node, "'services'") {
      guard checkName(key, name) else { continue }
      guard let request = definitions.request else {
        if skips(Self.request) { continue }
        return report(
          key, "what requests hold is not declared",
          "add 'request: {source: NAME}', or 'request' with 'time' and 'fields'")
      }
      var slots: [Int] = []
      for element in list(value, name) {
        let named = self.slots(named: element)
        for slot in named where slots.contains(slot) {
          report(
            element, "'\(definitions.slots[slot].name)' is in '\(name)' already", "list it once")
        }
        slots += named
      }
      if slots.isEmpty, broken.isEmpty { report(value, "the service '\(name)' lists no features") }
      readService(name, slots, request, key)
    }
  }

  /// The slots that one entry of a service means.
  private mutating func slots(named node: Node) -> [Int] {
    guard let text = node.scalar?.string, !text.isEmpty else {
      report(node, "a service lists names of features")
      return []
    }
    if text.hasSuffix(".*") {
      let view = String(text.dropLast(2))
      if definitions.views.contains(where: { $0.name == view }) {
        return definitions.slots.indices.filter {
          definitions.slots[$0].name.hasPrefix(view + ".") && definitions.slots[$0].isNumber
        }
      }
      if skips(view) { return [] }
      report(
        node, "no view is named '\(view.prefix(80))'",
        NearestName.fix(for: view, among: definitions.views.map(\.name)))
      return []
    }
    if let transform = definitions.transforms.first(where: { $0.name == text }) {
      return Array(transform.firstSlot..<transform.firstSlot + transform.outputs)
    }
    guard let slot = definitions.slots.firstIndex(where: { $0.name == text }) else {
      if skips(text) { return [] }
      report(
        node, "no feature is named '\(text.prefix(80))'",
        NearestName.fix(
          for: text,
          among: definitions.slots.map(\.name) + definitions.transforms.map(\.name)
            + definitions.views.map { $0.name + ".*" }))
      return []
    }
    guard definitions.slots[slot].isNumber else {
      report(
        node, "'\(text)' is of type \(definitions.slots[slot].type.rawValue), not a number",
        "declare a transform of it: hash, one_hot or lookup")
      return []
    }
    return [slot]
  }

  private mutating func readService(
    _ name: String, _ slots: [Int], _ request: RecordSchema, _ key: Node
  ) {
    var wanted = [Bool](repeating: false, count: definitions.slots.count)
    for slot in slots { wanted[slot] = true }
    // What is declared later reads what is declared earlier.
    for transform in definitions.transforms.reversed() {
      let outputs = transform.firstSlot..<transform.firstSlot + transform.outputs
      guard outputs.contains(where: { wanted[$0] }) else { continue }
      for slot in outputs { wanted[slot] = true }
      for input in transform.inputs { wanted[input] = true }
    }
    var views: [Int] = []
    var fields = Set(request.fields.indices.filter { wanted[$0] })
    for index in definitions.views.indices.reversed() {
      let view = definitions.views[index]
      for derived in view.derived.reversed() where wanted[derived.slot] {
        for input in definitions.expressions[derived.expression].inputs { wanted[input] = true }
      }
      let range = view.firstSlot..<view.firstSlot + view.slotCount
      let isRead = range.contains { wanted[$0] } || view.derived.contains { wanted[$0.slot] }
      guard isRead else { continue }
      views.append(index)
      let keys = keyFields(view.entity, in: request, key, "the request of '\(name)'")
      fields.formUnion(keys ?? [])
    }
    definitions.services.append(
      ServiceDefinition(
        name: name, slots: slots, views: views.reversed(), requestFields: fields,
        wanted: wanted))
  }
}
