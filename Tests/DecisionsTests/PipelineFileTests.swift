import Definitions
import Testing

@testable import Decisions

@Suite struct PipelineFileTests {
  @Test func `the sample is right and has a digest that follows its text`() throws {
    let one = try SamplePipeline.make()
    #expect(one.name == "sample" && one.tiers.map(\.name) == ["fast", "deep"])
    #expect(one.digest.count == 64)
    #expect(try SamplePipeline.make().digest == one.digest)
    #expect(try SamplePipeline.make([("4ms", "3ms")]).digest != one.digest)
  }

  @Test func `every mistake is told with its place and what to do`() throws {
    let problems = try SamplePipeline.problems(
      ("outcomes: [approve, decline, review]", "outcomes: [approve, decline, reviw]"),
      ("amount < 1.0", "amont < 1.0"))
    let lines = problems.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("sample.yaml:13:24: rule 'tiny': ") }, "\(problems)")
    #expect(problems.contains("'review', which is no outcome; did you mean 'reviw'?"))
    #expect(lines.count >= 4)
  }

  @Test(arguments: [
    ("name: sample", "nam: sample", "unknown key 'nam' in the file; did you mean 'name'?"),
    ("type: double, min: 0", "type: real, min: 0", "is of type 'real'"),
    ("min: 0, max: 1000", "min: 10, max: 1", "'max' is below 'min'"),
    ("one_of: [DE, FR]", "min: 3", "'min' is for numbers"),
    ("id: id\n", "id: ix\n", "which is no field of the input; did you mean 'id'?"),
    ("id: id\n", "id: amount\n", "'id' takes a field of type string"),
    ("total: 20ms", "total: 12ms", "the stages may take 15ms"),
    ("total: 20ms", "total: 20 minutes", "write a number and its unit"),
    ("timeout: 4ms", "timeout: 1h", "at most ten minutes"),
    (
      "model: fast\n    inputs: {x: [amount, weight]}",
      "model: fast\n    inputs: {x: [amount, wieght]}", "did you mean 'weight'?"
    ),
    (
      "[amount, weight]}\n    score: p\n", "[amount, country]}\n    score: p\n",
      "is of type string, not a number"
    ),
    ("score: p[1]", "score: p[one]", "write OUTPUT, or OUTPUT[INDEX]"),
    ("approve_below: 0.2", "approve_below: 0.9", "is below 'approve_below'"),
    ("approve_below: 0.2", "approve_below: 1.2", "use a number, 0.0 to 1.0"),
    (
      "approve_below: 0.2\n    decline_from: 0.8", "approve_below: 0.5\n    decline_from: 0.5",
      "tier 'deep' is never reached"
    ),
    ("otherwise: review\n    timeout", "timeout", "no tier after it"),
    ("name: deep", "name: fast", "another tier is named 'fast'"),
    ("name: deep", "name: total", "is the name of a stage"),
    ("when: amount < 1.0", "when: score > 0.5", "there is none of before tiers"),
    (
      "{tier: fast, approve_below: 0.1", "{tier: slow, approve_below: 0.1",
      "no tier is named 'slow'"
    ),
    (
      "{tier: fast, approve_below: 0.1", "{tier: fast, approve_below: 0.3",
      "falling back would be laxer"
    ),
    ("- {decide: review, reason: FALLBACK}", "- {tier: fast}", "may leave a request without"),
    (
      "- {tier: fast, approve_below: 0.1, decline_from: 0.7}",
      "- {decide: review, reason: EARLY}", "no rung after this one"
    ),
    ("name: sample", "name: sam ple", "use at most 64 letters"),
    ("reason: TINY", "reason: TI NY", "a reason is 'TI NY'"),
    ("name: sample", "name: sample\ndurability: maybe", "known here: commit, group"),
    ("budget: {total", "event: {source: x}\nbudget: {total", "no feature views"),
    (
      "budget: {total", "features: {views: none.yaml, service: a}\nbudget: {total",
      "'none.yaml' cannot be read"
    ),
    ("rules:\n", "escalation: {target: 30%, cap: 20%}\nrules:\n", "'cap' 0.2 is below 'target'"),
    ("timeout: 10ms", "breaker: {calls: 0}\n    timeout: 10ms", "use a whole number, 1 to"),
    (
      "timeout: 10ms", "calibration: {platt: {a: 2, b: 1}}\n    timeout: 10ms",
      "higher scores would mean lower"
    ),
    (
      "timeout: 10ms", "calibration: {isotonic: [[0, 0.5], [1, 0.2]]}\n    timeout: 10ms",
      "do not ascend"
    ),
    (
      "outcomes: [approve, decline, review]", "outcomes: [approve, decline, review, refer]",
      "nothing decides 'refer'"
    ),
    ("amount: {", "score: double\n    amount: {", "a meaning of its own"),
  ])
  func `a mistake is found`(_ old: String, _ new: String, _ expected: String) throws {
    let problems = try SamplePipeline.problems((old, new))
    #expect(problems.contains(expected), "\(problems)")
    for line in problems.split(separator: "\n") {
      #expect(line.hasPrefix("sample.yaml:"), "\(line)")
    }
  }

  @Test func `text that is no pipeline never ends in anything but problems`() {
    var random = Seeded(7)
    let text = Array(SamplePipeline.text.utf8)
    for _ in 0..<600 {
      var changed = text
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<changed.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: changed[place] = UInt8.random(in: 32..<127, using: &random)
        case 1: changed.remove(at: place)
        default: changed.insert(UInt8.random(in: 9..<127, using: &random), at: place)
        }
      }
      let mutated = String(decoding: changed, as: UTF8.self)
      do throws(DefinitionError) {
        let pipeline = try PipelineFile.parse(mutated, path: "f") { _ in nil }
        #expect(!pipeline.ladder.isEmpty)
      } catch {
        #expect(!error.problems.isEmpty)
      }
    }
  }

  @Test func `calibrations keep to their formulas`() {
    let platt = Calibration.platt(a: -2, b: 0.5)
    #expect(abs((platt.probability(0.25) ?? 0) - 0.5) < 1e-12)
    #expect(platt.probability(1e300) == 1 && platt.probability(-1e300) == 0)
    let isotonic = Calibration.isotonic([[0, 0.1], [1, 0.3], [3, 0.9]])
    #expect(isotonic.probability(-5) == 0.1 && isotonic.probability(9) == 0.9)
    #expect(abs((isotonic.probability(2) ?? 0) - 0.6) < 1e-12)
    #expect(Calibration.none.probability(.nan) == nil && Calibration.none.probability(1.1) == nil)
    #expect(platt.probability(.infinity) == nil)
  }
}

@Suite struct PipelineRulesTests {
  @Test func `rules that would be none are reported`() throws {
    let tier = try SamplePipeline.problems(("tiers:\n", "tiers:\n  - {name: none, rules: []}\n"))
    #expect(tier.contains("tier 'none' has no rule; add one"), "\(tier)")
    let rules = (0...4_096).map {
      "  - {name: r\($0), when: amount < 0.5, decide: approve, reason: R}\n"
    }
    let gate = try SamplePipeline.problems(("gate:\n", "gate:\n" + rules.joined()))
    #expect(gate.contains("'gate'") && gate.contains("4096"), "\(gate)")
  }
}

/// SplitMix64, for tests that print and take a seed.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
