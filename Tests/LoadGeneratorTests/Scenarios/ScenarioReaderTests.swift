import Definitions
import Foundation
import Testing

@testable import LoadGenerator

@Suite struct ScenarioReaderTests {
  private func read(_ text: String) -> (scenario: Scenario?, problems: [String]) {
    var reader = ScenarioReader(path: "s.yaml")
    let scenario = reader.scenario(text)
    return (scenario, reader.problems.map(\.description))
  }

  /// A valid scenario whose lines 3 and later can be replaced.
  private let start = "name: A\nrequests: [{model: m}]\n"

  @Test func `everything a scenario can say is read`() throws {
    let (read, problems) = read(
      """
      name: Overload
      about: Much too much.
      requests:
        - model: card_fraud_mlp
          weight: 2
          deadline: 20ms
          priority: 1
          input: random
          batch: 4
          shape: ["x:1,2", y:3]
        - path: /health
          weight: 0.5
        - path: /echo
          body: hello
          name: echo
      capacity: {concurrency: 16, duration: 2s}
      phases:
        - name: twice
          rate: 2x capacity
          arrivals: constant
          duration: 5s
          warm-up: 1s
          bounds: [goodput>85% of capacity , refusal.p99<5ms]
        - {name: even, rate: 100, arrivals: constant, duration: 100ms}
        - {name: closed, concurrency: 8, duration: 1s}
      interference:
        - {kind: slow-clients, connections: 50, every: 200ms}
        - {kind: oversized, bytes: 200MB, every: 500ms}
        - {kind: reload, model: digits, phases: [twice, even]}
        - kind: disconnects
      """)
    #expect(problems.isEmpty, "\(problems)")
    let scenario = try #require(read)
    #expect(scenario.name == "Overload")
    #expect(scenario.about == "Much too much.")
    var first = MixEntry(model: "card_fraud_mlp")
    first.weight = 2
    first.deadlineNanoseconds = 20_000_000
    first.priority = 1
    first.inputs = ["random"]
    first.batch = 4
    first.shapes = ["x:1,2", "y:3"]
    #expect(scenario.requests[0] == first)
    #expect(scenario.requests[1].name == "GET /health")
    #expect(
      scenario.requests[2].subject == .raw(method: "POST", path: "/echo", body: "hello"))
    #expect(scenario.requests[2].name == "echo")
    #expect(scenario.capacity?.concurrency == 16)
    #expect(scenario.capacity?.durationNanoseconds == 2_000_000_000)
    let twice = scenario.phases[0]
    #expect(twice.load == .capacity(multiple: 2, arrivals: "constant"))
    #expect(twice.durationNanoseconds == 5_000_000_000)
    #expect(twice.warmUpNanoseconds == 1_000_000_000)
    #expect(twice.bounds.count == 2)
    #expect(twice.bounds[0].needsCapacity && !twice.bounds[1].needsCapacity)
    #expect(scenario.phases[1].load == .open(.constant(rate: 100)))
    #expect(scenario.phases[2].load == .closed(concurrency: 8))
    #expect(
      scenario.interference == [
        Interference(.slowClients(connections: 50, every: 200_000_000)),
        Interference(.oversized(bytes: 200_000_000, every: 500_000_000)),
        Interference(.reload(model: "digits", every: 1_000_000_000), phases: ["twice", "even"]),
        Interference(.disconnects(every: 100_000_000)),
      ])
  }

  @Test(arguments: [
    ("phases: [{name: a, rate: 1, duration: 1s}]\nphasen: 1", "s.yaml:4:1: unknown key 'phasen'"),
    ("phases: [{name: a, rate: 1, duration: 1s}]\nphasen: 1", "did you mean 'phases'?"),
    ("phases: [{name: a, rate: 1, duration: 1s}]\nxyz: 1", "known here: name, about, requests"),
    ("phases: []", "s.yaml:3:9: 'phases' is empty"),
    ("phases: 3", "s.yaml:3:9: 'phases' takes a list"),
    ("phases: [3]", "s.yaml:3:10: a phase takes 'key: value' pairs"),
    ("about: x", "a scenario has no 'phases'"),
    ("phases: [{name: a, duration: 1s}]", "a phase has no load; add 'rate: 1000'"),
    ("phases: [{name: a, rate: 1}]", "a phase has no 'duration'"),
    ("phases: [{name: a, rate: -1, duration: 1s}]", "s.yaml:3:26: 'rate' is '-1'"),
    ("phases: [{name: a, rate: 2x capacitee, duration: 1s}]", "'rate' is '2x capacitee'"),
    ("phases: [{name: a, rate: 1, duration: 1}]", "'duration' is '1'; use a number with its unit"),
    ("phases: [{name: a, rate: 1, duration: 9ms}]", "'duration' is '9ms'"),
    ("phases: [{name: a, rate: 1, concurrency: 1, duration: 1s}]", "exclude each other"),
    ("phases: [{name: a, concurrency: 0, duration: 1s}]", "use a whole number, 1 to 100000"),
    ("phases: [{name: a, rate: 2x capacity, duration: 1s}]", "capacity, which is not measured"),
    ("phases: [{name: a, rate: 1, duration: 1s, bounds: [p99<]}]", "s.yaml:3:52: "),
    (
      "phases: [{name: a, rate: 1, duration: 1s, bounds: [p99>1% of capacity]}]",
      "write goodput>85% of capacity"
    ),
    (
      "phases: [{name: a, rate: 1, duration: 1s},{name: a, rate: 1, duration: 1s}]",
      "phase 'a' is there already"
    ),
    ("name: B\nphases: []", "'name' given more than once"),
    ("phases: [", "s.yaml:"),
  ])
  func `a mistake is named with its place, its value and the fix`(text: String, expected: String) {
    let problems = read(start + text).problems
    #expect(problems.contains { $0.contains(expected) }, "\(problems)")
  }

  @Test(arguments: [
    ("[{}]", "neither 'model' nor 'path'"),
    ("[{model: m, path: /a}]", "both 'model' and 'path'"),
    ("[{model: m, wait: 1}]", "unknown key 'wait' in a request"),
    ("[{model: m, weight: 0}]", "'weight' is '0'; use a number above 0"),
    ("[{model: m, weight: many}]", "'weight' is 'many'"),
    ("[{model: m, deadline: soon}]", "'deadline' is 'soon'"),
    ("[{model: m, priority: -1}]", "'priority' is '-1'"),
    ("[{model: m, batch: 0}]", "'batch' is '0'"),
    ("[{model: m, method: GET}]", "'method' is for 'path'"),
    ("[{path: a}]", "'path' is 'a'; start it with '/'"),
    ("[{path: /a, input: random}]", "'input' is for 'model'"),
    ("[{path: /a, method: a b}]", "'method' is 'A B'"),
    ("[{model: [a]}]", "'model' takes one value"),
    ("[{model: m, input: [[a]]}]", "'input' takes single values"),
    ("[]", "'requests' is empty"),
  ])
  func `a request's mistakes are named`(requests: String, expected: String) {
    let text = "name: A\nrequests: \(requests)\nphases: [{name: a, rate: 1, duration: 1s}]"
    let problems = read(text).problems
    #expect(problems.contains { $0.contains(expected) }, "\(problems)")
  }

  @Test(arguments: [
    ("{every: 1s}", "an interference has no 'kind'"),
    ("{kind: noise}", "'kind' is 'noise'; use one of disconnects, oversized, reload, slow-clients"),
    ("{kind: oversized}", "interference 'oversized' has no 'bytes'"),
    ("{kind: oversized, bytes: lots}", "'bytes' is 'lots'"),
    ("{kind: reload}", "interference 'reload' has no 'model'"),
    ("{kind: slow-clients, connections: 100000}", "'connections' is '100000'"),
    ("{kind: disconnects, bytes: 1}", "unknown key 'bytes' in interference 'disconnects'"),
    ("{kind: disconnects, every: 0s}", "'every' is '0s'"),
    ("{kind: disconnects, phases: [b]}", "no phase is called 'b'; known: a"),
  ])
  func `an interference's mistakes are named`(section: String, expected: String) {
    let text = start + "phases: [{name: a, rate: 1, duration: 1s}]\ninterference: [\(section)]"
    let problems = read(text).problems
    #expect(problems.contains { $0.contains(expected) }, "\(problems)")
  }

  @Test(arguments: ["", "# nothing", "- a", "3", "\"open"])
  func `what holds no scenario is said`(text: String) {
    let (scenario, problems) = read(text)
    #expect(scenario == nil)
    #expect(!problems.isEmpty)
  }

  @Test func `a mix file is a list or a section of requests`() {
    for text in ["- model: a\n- {model: a, weight: 3}\n", "requests: [{model: a}, {model: a}]"] {
      var reader = ScenarioReader(path: "m.yaml")
      let entries = reader.mix(text)
      #expect(reader.problems.isEmpty)
      #expect(entries?.map(\.name) == ["a", "a (2)"])
    }
    for text in ["", "[]", "a: 1", "requests: []"] {
      var reader = ScenarioReader(path: "m.yaml")
      #expect(reader.mix(text) == nil)
      #expect(!reader.problems.isEmpty, "\(text)")
    }
  }

  @Test func `sizes and shares of the capacity are read in the forms people write`() {
    #expect(ScenarioReader.bytes("200MB") == 200_000_000)
    #expect(ScenarioReader.bytes("64 KiB") == 65_536)
    #expect(ScenarioReader.bytes("1.5GiB") == 1_610_612_736)
    #expect(ScenarioReader.bytes("17") == 17)
    #expect(ScenarioReader.bytes("12 b") == 12)
    #expect(ScenarioReader.bytes("-1") == nil)
    #expect(ScenarioReader.bytes("1e300") == nil)
    #expect(ScenarioReader.capacityMultiple("2x capacity") == 2)
    #expect(ScenarioReader.capacityMultiple("80% of capacity") == 0.8)
    #expect(ScenarioReader.capacityMultiple("capacity") == 1)
    #expect(ScenarioReader.capacityMultiple("0x capacity") == nil)
    #expect(ScenarioReader.capacityMultiple("2 capacity") == nil)
  }

  @Test func `a quick run scales durations and keeps rates`() throws {
    let scenario = try #require(
      read(
        start + "capacity: {duration: 3s}\n"
          + "phases: [{name: a, rate: 10, duration: 5s}, {name: b, rate: 10, duration: 50ms}]"
      ).scenario)
    let quick = scenario.scaled(by: 0.1)
    #expect(quick.capacity?.durationNanoseconds == 300_000_000)
    #expect(quick.phases[0].durationNanoseconds == 500_000_000)
    #expect(quick.phases[0].warmUpNanoseconds == 100_000_000)
    #expect(quick.phases[1].durationNanoseconds == 50_000_000)
    #expect(quick.phases[0].load == scenario.phases[0].load)
  }

  @Test func `the example scenarios and their names are in order`() throws {
    var root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let folder = root.appendingPathComponent("Examples/bench").path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".yaml") }
    #expect(names.count >= 7)
    for name in names {
      let scenario = try ScenarioFile.scenario(path: "\(folder)/\(name)")
      #expect(!scenario.about.isEmpty, "\(name)")
      #expect(scenario.phases.allSatisfy { !$0.bounds.isEmpty }, "\(name)")
    }
  }

  @Test func `a file that cannot be read is named`() {
    #expect(throws: BenchInputError.self) { try ScenarioFile.scenario(path: "/no/such.yaml") }
    #expect(throws: BenchInputError.self) { try ScenarioFile.mix(path: NSTemporaryDirectory()) }
  }

  @Test func `random texts never crash the reader`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = RandomSource(seed: seed)
    let pieces = [
      "name: ", "requests: ", "phases: ", "- ", "{", "}", "[", "]", ": ", "model: m", "rate: 1",
      "duration: 1s", "\n", "  ", "bounds: [p99<1s]", "kind: reload", "2x capacity", "\"", "'", "|",
      "&a", "*a", "!!int ", "é", "\t", ", ", "interference: ", "capacity: ", "#",
    ]
    for _ in 0..<3_000 {
      var text = ""
      for _ in 0..<Int.random(in: 0..<24, using: &random) {
        text += pieces[Int.random(in: pieces.indices, using: &random)]
      }
      _ = read(text)
      var reader = ScenarioReader(path: "m.yaml")
      _ = reader.mix(text)
    }
  }

  @Test func `deep nesting is refused, not followed`() {
    for opening in ["[", "{a: ", "- "] {
      #expect(!read("phases: " + String(repeating: opening, count: 100_000)).problems.isEmpty)
    }
  }
}
