import Definitions
import Foundation
import Testing

@testable import Features

@Suite struct FeatureFileTests {
  private func problems(_ text: String) -> [String] {
    do throws(DefinitionError) {
      _ = try FeatureFile.parse(text, path: "v.yaml")
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test func `a whole file becomes definitions`() throws {
    let read = try FeatureFixture.definitions()
    #expect(read.sources.map(\.name) == ["payments"])
    #expect(read.sources[0].lateness == 10_000_000_000)
    #expect(read.entities.map(\.keys) == [["card"], ["card", "shop"]])
    #expect(read.views.map(\.name) == ["activity", "together"])
    #expect(read.digest.count == 16)
    let service = read.services[0]
    let names = service.slots.map { read.slots[$0].name }
    #expect(
      names.prefix(3) == ["activity.count_10s", "activity.count_1m", "activity.count_5m"])
    #expect(names.suffix(3) == ["risk", "ratio", "amount"])
    #expect(names.contains("land_other") && names.contains("activity.share"))
    #expect(service.requestFields == [0, 1, 2, 3])
    #expect(try FeatureFixture.definitions().digest == read.digest)
  }

  /// One change of the good file, and the problem that it makes.
  @Test(arguments: [
    (
      "time: at", "tme: at",
      "v.yaml:3:5: unknown key 'tme' in the source 'payments'; did you mean 'time'?"
    ),
    ("time_unit: milliseconds", "time_unit: millis", "v.yaml:4:16: 'time_unit' is 'millis'"),
    (
      "lateness: 10s", "lateness: 10",
      "v.yaml:6:15: 'lateness' is '10'; write a number and its unit"
    ),
    (
      "amount: double,", "amount: duble,",
      "v.yaml:8:65: the field 'amount' is of type 'duble'; did you mean 'double'?"
    ),
    (
      "card: {key: card}", "card: {key: crd}",
      "v.yaml:15:13: the source 'payments' has no field 'crd', the key of 'card'; did you mean "
    ),
    (
      "entity: card", "entity: crad",
      "v.yaml:14:13: no entity is named 'crad'; did you mean 'card'?"
    ),
    (
      "source: payments", "source: payment",
      "v.yaml:15:13: no source is named 'payment'; did you mean 'payments'?"
    ),
    ("filter: amount >= 0.0", "filter: amuont >= 0.0", "v.yaml:16:13: the filter of 'activity': "),
    ("amount >= 0.0", "amount + 1.0", "v.yaml:16:20: the filter of 'activity': "),
    ("windows: [10s, 1m,", "windows: [10s, 10s,", "v.yaml:17:20: the window '10s' is given twice"),
    (
      "hop: 1m}", "hop: 7s}",
      "v.yaml:17:24: the window '5m': the length of a window must be a multiple"
    ),
    (
      "aggregate: sum, of: amount}", "aggregate: smu, of: amount}",
      "v.yaml:20:34: no aggregate is named 'smu'; did you mean 'sum'?"
    ),
    (
      "aggregate: sum, of: amount}", "aggregate: sum, of: country}",
      "v.yaml:20:43: 'country' is of type string, and sum takes numbers"
    ),
    ("aggregate: sum, of: amount}", "aggregate: sum}", "v.yaml:20:34: 'spent' needs a field"),
    (
      "aggregate: sum, of: amount}", "aggregate: sum, of: amont}",
      "v.yaml:20:43: the source has no field 'amont'; did you mean 'amount'?"
    ),
    (
      "{name: spent,", "{name: count,",
      "v.yaml:20:16: the feature 'activity.count_10s' is declared twice"
    ),
    (
      "aggregate: rate, windows: [1m]", "aggregate: rate, windows: [2m]",
      "v.yaml:24:49: 'rate' names the window '2m', which the view does not have"
    ),
    ("default: -1", "default: none", "v.yaml:22:58: 'default' is 'none'; use a number"),
    ("delay: 30s", "delay: 30 s", "v.yaml:29:54: 'delay' is '30 s'"),
    (
      "aggregate: count}", "aggregate: count, precision: 5}",
      "v.yaml:19:52: 'count' takes no 'precision'; remove it"
    ),
    (
      "aggregate: distinct, of: shop", "aggregate: distinct, precision: 3, of: shop",
      "v.yaml:26:55: 'precision' is '3'; use a whole number, 4 to 16"
    ),
    (
      "spent_10s / (spent_5m + 1.0)", "spent_10s / (spent_5 + 1.0)",
      "v.yaml:31:63: 'activity.share': "
    ),
    ("spent_10s / (spent_5m + 1.0)", "count_10s", "v.yaml:31:50: 'activity.share': "),
    ("deviation: 25", "deviation: 0", "v.yaml:39:61: 'scaled' would divide by 0.0"),
    (
      "boundaries: [10, 20, 80]", "boundaries: [10, 10, 80]",
      "v.yaml:40:61: the boundary 10.0 is not above 10.0"
    ),
    (
      "bucketize: {of: amount", "bucketize: {of: country",
      "v.yaml:40:36: 'bucket': 'country' is of type string"
    ),
    (
      "values: [DE, FR]", "values: [D-E, D_E]",
      "v.yaml:41:55: the value 'D_E' would be named 'land_D_E'"
    ),
    (
      "of: [country, shop]", "of: [country, amount]",
      "v.yaml:42:41: 'hashed': 'amount' is of type double"
    ),
    ("buckets: 1000", "buckets: 0", "v.yaml:42:57: 'buckets' is '0'"),
    ("DE: 0.1", "DE: high", "v.yaml:43:52: 'DE' is 'high'; use a number"),
    ("name: ratio", "name: risk", "v.yaml:44:12: the name 'risk' is taken"),
    (
      "type: double, expression: amount", "expression: amount",
      "v.yaml:44:31: the type of 'ratio' is not said"
    ),
    ("amount / activity.mean_5m", "amount / activity.maen_5m", "v.yaml:44:54: 'ratio': "),
    (
      "all: [activity.*,", "all: [activty.*,",
      "v.yaml:46:9: no view is named 'activty'; did you mean 'activity'?"
    ),
    (
      "ratio, amount]", "ratio, ammount]",
      "v.yaml:46:76: no feature is named 'ammount'; did you mean 'amount'?"
    ),
    (
      "ratio, amount]", "ratio, country]",
      "v.yaml:46:76: 'country' is of type string, not a number"
    ),
    ("ratio, amount]", "ratio, ratio]", "v.yaml:46:76: 'ratio' is in 'all' already"),
    (
      "transforms:", "transform:",
      "v.yaml:38:1: unknown key 'transform' in the file; did you mean 'transforms'?"
    ),
    (
      "lateness: 10s", "lateness: 10s\n    lateness: 11s",
      "v.yaml:6:5: 'lateness' given more than once"
    ),
    ("sources:", "sources: [", "v.yaml:"),
    (
      "delay: 30s", "delay: 70d",
      "v.yaml:29:54: 'bad' would keep 100805 hops of 1m in the window '5m'; the most is 60000"
    ),
    (
      "bad: bool?}", "land_DE: bool?, bad: bool?}",
      "v.yaml:41:50: the value 'DE' would be named 'land_DE', as another one"
    ),
    ("- {name: scaled", "- {name: in", "v.yaml:39:12: field 'in': 'in' is a reserved word"),
  ])
  func `a mistake is named with its place and what to do`(
    good: String, bad: String, problem: String
  ) throws {
    let place = try #require(FeatureFixture.text.firstRange(of: good))
    let text = FeatureFixture.text.replacingCharacters(in: place, with: bad)
    let found = problems(text)
    #expect(found.contains { $0.hasPrefix(problem) }, "\(found)")
  }

  @Test func `all mistakes are reported at once, in the order of the file`() {
    let text = FeatureFixture.text.replacing("lateness: 10s", with: "lateness: soon")
      .replacing("aggregate: rate", with: "aggregate: rat")
      .replacing("deviation: 25", with: "deviation: x")
    let found = problems(text)
    #expect(found.count == 3)
    #expect(found.first?.contains("soon") == true && found.last?.contains("'x'") == true)
  }

  @Test func `texts that are no feature files`() {
    #expect(
      problems("") == ["v.yaml: holds nothing; declare sources, entities, views and services"])
    let list = problems("- a")
    #expect(list.first?.hasPrefix("v.yaml:1:1: the file takes 'key: value' pairs") == true)
    #expect(problems("views: {a: b}").contains { $0.contains("the view 'a' takes") })
    #expect(problems("sources: {}").contains { $0.contains("no 'views'") })
    let long = String(repeating: "#", count: FeatureFile.bytesMax + 1)
    #expect(problems(long).first?.contains("the most is") == true)
  }

  @Test func `requests of their own, or of a source, or none`() throws {
    let body = """
      sources:
        a: {time: t, id: i, fields: {k: string}}
        b: {time: t, id: i, fields: {k: string}}
      entities: {k: {key: k}}
      views:
        v: {entity: k, source: a, windows: [1h], features: [{name: n, aggregate: count}]}
      services: {s: [v.*]}

      """
    #expect(problems(body).first?.contains("what requests hold is not declared") == true)
    #expect(problems(body + "request: {source: b}").isEmpty)
    let unknown = problems(body + "request: {source: c}")
    #expect(unknown.first?.contains("no source is named 'c'") == true)
    #expect(problems(body + "request: {time: t, fields: {k: string}}").isEmpty)
    #expect(
      problems(body + "request: {time: t, fields: {x: string}}").first?
        .contains("the request of 's' has no field 'k', the key of 'k'") == true)
    #expect(problems(body + "request: {time: t}").first?.contains("'time' and 'fields'") == true)
  }

  @Test func `broken files never trap`() {
    let seed: UInt64 = 71
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let lines = FeatureFixture.text.split(separator: "\n").map(String.init)
    for _ in 0..<400 {
      var broken = lines
      for _ in 0...Int.random(in: 0...2, using: &random) {
        let place = Int.random(in: 0..<broken.count, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: broken.remove(at: place)
        case 1: broken.insert(lines[Int.random(in: 0..<lines.count, using: &random)], at: place)
        case 2:
          let cut = Int.random(in: 0...9, using: &random)
          broken[place] = String(broken[place].dropLast(cut))
        default:
          let words = broken[place].split(separator: " ", omittingEmptySubsequences: false)
          broken[place] = words.shuffled(using: &random).joined(separator: " ")
        }
      }
      _ = problems(broken.joined(separator: "\n"))
    }
  }
}
