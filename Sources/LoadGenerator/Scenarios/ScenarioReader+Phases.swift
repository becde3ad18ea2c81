internal import Definitions
internal import Yams

extension ScenarioReader {
  private static let phaseKeys = [
    "name", "rate", "arrivals", "concurrency", "duration", "warm-up", "bounds",
  ]

  mutating func phase(_ node: Node) -> ScenarioPhase? {
    guard
      let section = section(
        node, "a phase", keys: Self.phaseKeys, required: ["name", "duration"])
    else { return nil }
    let name = text(section, "name") ?? ""
    let load = load(node, section)
    let nanoseconds = duration(section, "duration", in: 10_000_000...3_600_000_000_000)
    var bounds: [ScenarioBound] = []
    if let node = section["bounds"] {
      for text in texts(section, "bounds") {
        do throws(BenchInputError) {
          bounds += try ScenarioBound.parse(text)
        } catch {
          report(boundNode(node, text), error.description)
        }
      }
    }
    guard let load, let nanoseconds else { return nil }
    var phase = ScenarioPhase(name: name, load: load, durationNanoseconds: nanoseconds)
    if let value = duration(section, "warm-up", in: 0...3_600_000_000_000) {
      phase.warmUpNanoseconds = value
    }
    phase.bounds = bounds
    return phase
  }

  private func boundNode(_ node: Node, _ text: String) -> Node {
    node.sequence?.first { $0.scalar?.string == text } ?? node
  }

  private mutating func load(_ node: Node, _ section: Section) -> ScenarioPhase.Load? {
    let arrivals = text(section, "arrivals")
    if section["concurrency"] != nil {
      for key in ["rate", "arrivals"] where section[key] != nil {
        report(section[key], "'\(key)' and 'concurrency' exclude each other", "keep one")
      }
      return whole(section, "concurrency", in: 1...100_000).map { .closed(concurrency: $0) }
    }
    guard section["rate"] != nil else {
      guard let arrivals else {
        report(node, "a phase has no load", "add 'rate: 1000' or 'concurrency: 8'")
        return nil
      }
      return open(arrivals, nil, section["arrivals"])
    }
    guard let text = text(section, "rate") else { return nil }
    if let multiple = Self.capacityMultiple(text) {
      let process = arrivals ?? "poisson"
      guard ["poisson", "constant"].contains(process) else {
        report(
          section["arrivals"], "'arrivals' is '\(process.prefix(80))' with a rate of capacity",
          "use poisson or constant")
        return nil
      }
      return .capacity(multiple: multiple, arrivals: process)
    }
    guard let rate = Double(text), rate.isFinite, rate > 0, rate <= 10_000_000 else {
      report(
        section["rate"], "'rate' is '\(text.prefix(80))'",
        "use requests a second above 0, or '2x capacity'")
      return nil
    }
    return open(arrivals ?? "poisson", rate, section["arrivals"] ?? section["rate"])
  }

  private mutating func open(
    _ arrivals: String, _ rate: Double?, _ node: Node?
  ) -> ScenarioPhase.Load? {
    do throws(BenchInputError) {
      return .open(try ArrivalProcess(parsing: arrivals, rate: rate))
    } catch {
      report(node, error.description)
      return nil
    }
  }

  /// `2x capacity`, `80% of capacity` or `capacity`; `nil` for anything else.
  static func capacityMultiple(_ text: String) -> Double? {
    let words = text.split(separator: " ")
    guard words.last == "capacity" else { return nil }
    let factor: Double?
    switch words.count {
    case 1: factor = 1
    case 2 where words[0].hasSuffix("x"): factor = Double(words[0].dropLast())
    case 3 where words[0].hasSuffix("%") && words[1] == "of":
      factor = Double(words[0].dropLast()).map { $0 / 100 }
    default: factor = nil
    }
    guard let factor, factor.isFinite, factor > 0, factor <= 1_000 else { return nil }
    return factor
  }

  private static let kinds: [String: [String]] = [
    "slow-clients": ["connections", "every"],
    "oversized": ["bytes", "every"],
    "reload": ["model", "every"],
    "disconnects": ["every"],
  ]

  mutating func interference(_ node: Node) -> Interference? {
    let names = Self.kinds.keys.sorted()
    guard let mapping = node.mapping, let kindNode = mapping["kind"] else {
      report(node, "an interference has no 'kind'", "use one of \(list(names))")
      return nil
    }
    let name = kindNode.scalar?.string ?? ""
    guard let keys = Self.kinds[name] else {
      report(kindNode, "'kind' is '\(name.prefix(80))'", "use one of \(list(names))")
      return nil
    }
    let required = keys.filter { $0 == "bytes" || $0 == "model" }
    guard
      let section = section(
        node, "interference '\(name)'", keys: ["kind"] + keys + ["phases"], required: required)
    else { return nil }
    let range: ClosedRange<Int64> = 1_000_000...3_600_000_000_000
    let every = duration(section, "every", in: range)
    let kind: Interference.Kind?
    switch name {
    case "slow-clients":
      let connections = whole(section, "connections", in: 1...1_000) ?? 10
      kind = .slowClients(connections: connections, every: every ?? 1_000_000_000)
    case "oversized":
      kind = bytes(section, "bytes", in: 1...4_000_000_000).map {
        .oversized(bytes: $0, every: every ?? 1_000_000_000)
      }
    case "reload":
      kind = text(section, "model").map { .reload(model: $0, every: every ?? 1_000_000_000) }
    default: kind = .disconnects(every: every ?? 100_000_000)
    }
    return kind.map { Interference($0, phases: texts(section, "phases")) }
  }
}
