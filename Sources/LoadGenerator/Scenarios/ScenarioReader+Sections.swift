internal import Definitions
internal import Yams

extension ScenarioReader {
  private static let scenarioKeys = [
    "name", "about", "requests", "capacity", "phases", "interference",
  ]
  private static let entryKeys = [
    "name", "model", "version", "path", "method", "body", "weight", "deadline", "priority",
    "input", "shape", "batch",
  ]

  /// The scenario in `text`; `nil` if so much is wrong that none can be made. What is wrong is in
  /// ``problems``, also where a scenario is returned.
  package mutating func scenario(_ text: String) -> Scenario? {
    guard let root = root(text, "write 'key: value' lines"),
      let section = section(
        root, "a scenario", keys: Self.scenarioKeys, required: ["name", "requests", "phases"])
    else { return nil }
    let name = self.text(section, "name") ?? ""
    let requests = entries(list(section, "requests"))
    var phases: [ScenarioPhase] = []
    let nodes = list(section, "phases")
    for node in nodes {
      guard let phase = phase(node) else { continue }
      if phases.contains(where: { $0.name == phase.name }) {
        report(node, "phase '\(phase.name)' is there already", "give each its own name")
      }
      phases.append(phase)
    }
    for key in ["requests", "phases"] where section[key]?.sequence?.isEmpty == true {
      report(section[key], "'\(key)' is empty", "write at least one entry")
    }
    var scenario = Scenario(name: name, requests: requests, phases: phases)
    scenario.about = self.text(section, "about") ?? ""
    if let node = section["capacity"] { scenario.capacity = capacity(node) }
    checkCapacity(scenario, hasSection: section["capacity"] != nil, nodes)
    for node in list(section, "interference") {
      guard let one = interference(node) else { continue }
      for name in one.phases where !phases.contains(where: { $0.name == name }) {
        report(node, "no phase is called '\(name)'", "known: \(list(phases.map(\.name)))")
      }
      scenario.interference.append(one)
    }
    return scenario
  }

  /// The entries of a mix file; as ``scenario(_:)``.
  package mutating func mix(_ text: String) -> [MixEntry]? {
    guard let root = root(text, "write 'key: value' lines") else { return nil }
    var nodes: [Node] = []
    if let sequence = root.sequence {
      nodes = Array(sequence)
    } else if let section = section(root, "a mix", keys: ["requests"], required: ["requests"]) {
      nodes = list(section, "requests")
    }
    let entries = entries(nodes)
    if nodes.isEmpty, problems.isEmpty { report(root, "holds no request", "write '- model: NAME'") }
    return entries.isEmpty ? nil : entries
  }

  private mutating func entries(_ nodes: [Node]) -> [MixEntry] {
    var entries: [MixEntry] = []
    for node in nodes {
      guard var entry = entry(node) else { continue }
      if entries.contains(where: { $0.name == entry.name }) {
        entry.name += " (\(entries.count + 1))"
      }
      entries.append(entry)
    }
    return entries
  }

  private mutating func entry(_ node: Node) -> MixEntry? {
    guard let section = section(node, "a request", keys: Self.entryKeys) else { return nil }
    let model = text(section, "model")
    let path = text(section, "path")
    var entry: MixEntry
    switch (model, path) {
    case (let model?, nil):
      entry = MixEntry(model: model, version: text(section, "version") ?? "")
      for key in ["method", "body"] where section[key] != nil {
        report(section[key], "'\(key)' is for 'path'", "leave it out with 'model'")
      }
    case (nil, let path?):
      entry = rawEntry(section, path)
    case (nil, nil):
      report(node, "a request has neither 'model' nor 'path'", "add 'model: NAME'")
      return nil
    case (_?, _?):
      report(node, "a request has both 'model' and 'path'", "keep one of them")
      return nil
    }
    if let name = text(section, "name") { entry.name = name }
    if let text = text(section, "weight") {
      if let weight = Double(text), weight.isFinite, weight > 0, weight <= 1e9 {
        entry.weight = weight
      } else {
        report(section["weight"], "'weight' is '\(text.prefix(80))'", "use a number above 0")
      }
    }
    entry.deadlineNanoseconds = duration(section, "deadline")
    entry.priority = whole(section, "priority", in: 0...Int(UInt32.max)) ?? 0
    entry.inputs = texts(section, "input")
    entry.shapes = texts(section, "shape")
    entry.batch = whole(section, "batch", in: 1...1_000_000) ?? 1
    return entry
  }

  private mutating func rawEntry(_ section: Section, _ path: String) -> MixEntry {
    if !path.hasPrefix("/") {
      report(section["path"], "'path' is '\(path.prefix(80))'", "start it with '/'")
    }
    for key in ["version", "input", "shape", "batch", "priority"] where section[key] != nil {
      report(section[key], "'\(key)' is for 'model'", "leave it out with 'path'")
    }
    let body = text(section, "body") ?? ""
    let method = text(section, "method")?.uppercased() ?? (body.isEmpty ? "GET" : "POST")
    if !method.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) {
      report(section["method"], "'method' is '\(method.prefix(80))'", "use GET or POST")
    }
    return MixEntry(
      name: "\(method) \(path)", subject: .raw(method: method, path: path, body: body))
  }

  private mutating func capacity(_ node: Node) -> Scenario.Capacity {
    var result = Scenario.Capacity()
    guard let section = section(node, "'capacity'", keys: ["concurrency", "duration"]) else {
      return result
    }
    if let value = whole(section, "concurrency", in: 1...100_000) { result.concurrency = value }
    if let value = duration(section, "duration", in: 10_000_000...3_600_000_000_000) {
      result.durationNanoseconds = value
    }
    return result
  }

  private mutating func checkCapacity(_ scenario: Scenario, hasSection: Bool, _ nodes: [Node]) {
    guard !hasSection else { return }
    for (index, phase) in scenario.phases.enumerated() {
      var isNeeded = phase.bounds.contains { $0.needsCapacity }
      if case .capacity = phase.load { isNeeded = true }
      guard isNeeded else { continue }
      report(
        nodes.indices.contains(index) ? nodes[index] : nil,
        "phase '\(phase.name)' speaks of capacity, which is not measured",
        "add 'capacity: {concurrency: 32, duration: 3s}' to the scenario")
    }
  }
}
