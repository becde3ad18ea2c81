import Foundation
import ModelStore
import Monitoring
import Testing

@testable import NeedletailCommand

@Suite struct ConfigurationFileTests {
  private func read(_ text: String) -> (options: ServerOptions, problems: [String]) {
    var reader = OptionReader()
    var file = ConfigurationFile(path: "n.yaml")
    file.read(text, into: &reader)
    return (reader.options, reader.problems.map(\.description))
  }

  @Test func `every kind of value is read from its key`() {
    let (options, problems) = read(
      """
      http_port: 9000
      allow_grpc: false
      model_repository: [/a, /b]
      load_model: one
      log_format: iso8601
      id: edge
      trace_config:
        level: TIMESTAMPS
        file: /tmp/t.json
      models:
        digits:
          execution: threads
          default_timeout_ms: 20
          aliases: {stable: 3}
      """)
    #expect(problems.isEmpty, "\(problems)")
    #expect(options.http.port == 9_000)
    #expect(!options.grpc.isAllowed)
    #expect(options.modelRepositories == ["/a", "/b"])
    #expect(options.loadModels == ["one"])
    #expect(options.log.format == "ISO8601")
    #expect(options.serverName == "edge")
    #expect(options.traceConfig == ["level=TIMESTAMPS", "file=/tmp/t.json"])
    #expect(
      options.models["digits"]
        == ModelSettings(
          aliases: ["stable": 3], execution: "threads", defaultTimeoutMicroseconds: 20_000))
  }

  @Test func `an empty file and one of comments change nothing`() {
    #expect(read("") == (ServerOptions(), []))
    #expect(read("# nothing\n").problems.isEmpty)
  }

  @Test(arguments: [
    ("http_prot: 1", "n.yaml:1:1: unknown key 'http_prot'; did you mean 'http_port'?"),
    ("http_port: 70000", "n.yaml:1:12: 'http_port' is '70000'; use 0 to 65535"),
    ("http_port: eight", "n.yaml:1:12: 'http_port' is 'eight'; use a whole number"),
    ("allow_http: maybe", "n.yaml:1:13: 'allow_http' is 'maybe'; use true or false"),
    ("\nhttp_port: [1]", "n.yaml:2:12: 'http_port' takes one value, not a list"),
    ("http_port: {a: 1}", "n.yaml:1:12: 'http_port' takes a value, not a section of keys"),
    ("execution: fast", "n.yaml:1:12: 'execution' is 'fast'; use one of auto, inline, threads"),
    ("http_tls_key: /no/key", "which cannot be read; give the path of a readable file"),
    ("http_port: 1\nid: a\nhttp_port: 2", "n.yaml:3:1: 'http_port' given more than once"),
    ("- a", "n.yaml:1:1: holds no keys"),
    ("id: \"open", "n.yaml:"),
    ("models: 3", "n.yaml:1:9: 'models' takes a section for each model"),
    ("models:\n  m:\n    colour: red", "n.yaml:3:5: unknown key 'colour'"),
    ("models:\n  m:\n    aliases: {7: 1}", "an alias must be a word"),
    ("models:\n  m:\n    aliases: {a: 0}", "the alias 'a' is '0'; use a version number"),
    ("models:\n  m:\n    default_timeout_ms: -1", "use a whole number, 0 to 86400000"),
  ])
  func `a mistake is named with its place, its value and the fix`(text: String, expected: String) {
    let problems = read(text).problems
    #expect(problems.count == 1)
    #expect(problems.first?.contains(expected) == true, "\(problems)")
  }

  @Test func `all mistakes are reported at once`() {
    #expect(read("http_port: a\ngrpc_port: b\nmetrics_port: c\nzzz: 1").problems.count == 4)
  }

  @Test func `random bytes never crash the reader`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(state: seed)
    let pieces = "http_port: [{}]\n  - &a *a \"'|>%@models:\n!!binary 1e9 \u{0}é"
    let words = Array(pieces.unicodeScalars)
    for _ in 0..<2_000 {
      var text = ""
      for _ in 0..<Int.random(in: 0..<60, using: &generator) {
        guard let scalar = words.randomElement(using: &generator) else { continue }
        text.unicodeScalars.append(scalar)
      }
      _ = read(text)
    }
  }

  @Test func `deep nesting is refused, not followed`() {
    for opening in ["[", "{a: ", "- "] {
      let problems = read("id: " + String(repeating: opening, count: 100_000)).problems
      #expect(!problems.isEmpty)
    }
  }
}

/// SplitMix64: the same walk for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
