import Features
import Foundation
import Records
import Testing

@testable import Decisions

@Suite struct DecisionHostTests {
  /// What opening says is wrong; empty if it works.
  private func problems(_ options: DecisionHostOptions) async throws -> [String] {
    do {
      let harness = try await HostHarness(options)
      try await harness.stop()
      return []
    } catch let failure as DecisionHostFailure {
      return failure.problems
    }
  }

  @Test func `feeds, attributes and services are found by their names`() async throws {
    let folder = try HostFolder()
    try folder.fill()
    let harness = try await HostHarness(folder.options())
    let host = harness.host
    #expect(host.engine.names == ["cards"] && host.feeds.map(\.name) == ["payments"])
    #expect(host.feed(named: "payments")?.schema.fields.count == 3)
    #expect(host.attributes(named: "home")?.schema.index(of: "limit") != nil)
    #expect(host.service(named: "all")?.service == 0 && host.service(named: "none") == nil)
    #expect(host.file(ofPipeline: "cards") == folder.file("cards.yaml"))
    #expect(host.records?.path == folder.file("state/records.sqlite"))
    try await harness.stop()
  }

  @Test(arguments: [true, false])
  func `attributes of the files are there from the first decision on`(
    _ hasState: Bool
  ) async throws {
    let folder = try HostFolder()
    try folder.fill()
    try folder.write(
      "cards.csv", HostFolder.cards.replacing("z,", with: "y,2020-01-01T00:00:00Z,many\nz,"))
    let harness = try await HostHarness(folder.options(state: hasState))
    #expect(try await harness.decide(#"{"card": "x", "amount": 50}"#).outcome == "approve")
    let dear = try await harness.decide(#"{"card": "z", "amount": 50}"#)
    #expect(dear.reasons == ["LIMIT"] && dear.decidedBy == "policy" && dear.score == nil)
    #expect(dear.tiers.map(\.result) == ["rule"] && dear.tiers.map(\.model) == [""])
    #expect(harness.notices.all.contains { $0.message.contains("cards.csv:3") })
    try await harness.stop()
  }

  @Test func `a second life has the features and the decisions of the first`() async throws {
    let folder = try HostFolder()
    try folder.fill()
    let first = try await HostHarness(folder.options())
    let one = try await first.decide(#"{"id": "a", "card": "x", "amount": 20}"#)
    _ = try await first.decide(#"{"id": "b", "card": "x", "amount": 20}"#)
    try await first.stop()
    let second = try await HostHarness(folder.options())
    let again = try await second.decide(#"{"id": "a", "card": "x", "amount": 20}"#)
    #expect(again.id == one.id && again.outcome == one.outcome)
    let third = try await second.decide(#"{"id": "c", "card": "x", "amount": 20}"#)
    #expect(third.reasons == ["OFTEN"])
    #expect(second.host.feeds[0].store.counts(source: 0).accepted == 3)
    try await second.stop()
  }

  @Test func `an event that a crash kept from the log is appended by the repetition`() async throws
  {
    let folder = try HostFolder()
    try folder.fill()
    let first = try await HostHarness(folder.options())
    let one = try await first.decide(#"{"id": "a", "card": "x", "amount": 20}"#)
    try await first.stop()
    try FileManager.default.removeItem(atPath: folder.file("state/features"))
    let second = try await HostHarness(folder.options())
    let later: Int64 = 1_700_000_000_000_000_000 + 86_400_000_000_000
    for _ in 0..<2 {
      let again = try await second.decide(
        #"{"id": "a", "card": "x", "amount": 20}"#, wallTime: later)
      #expect(again.id == one.id)
    }
    let store = second.host.feeds[0].store
    #expect(store.counts(source: 0).accepted == 1)
    #expect(store.newest(source: 0) == 1_700_000_000_000_000_000, "as of the decision")
    try await second.stop()
  }

  @Test func `views that changed are refused, and built anew when told to`() async throws {
    let folder = try HostFolder()
    try folder.fill()
    let first = try await HostHarness(folder.options())
    for id in ["a", "b"] {
      _ = try await first.decide(#"{"id": "\#(id)", "card": "x", "amount": 20}"#)
    }
    try await first.stop()
    try folder.write(
      "views.yaml", HostFolder.views.replacing("windows: [1h]", with: "windows: [1h, 2h]"))
    var options = folder.options()
    #expect(try await problems(options).joined().contains("--rebuild-features"))
    options.rebuildsFeatures = true
    let second = try await HostHarness(options)
    let third = try await second.decide(#"{"id": "c", "card": "x", "amount": 20}"#)
    #expect(third.reasons == ["OFTEN"])
    try await second.stop()
  }

  @Test func `a reload takes all files or none`() async throws {
    let folder = try HostFolder()
    try folder.fill()
    try folder.write(
      "other.yaml", HostFolder.pipeline.replacing("name: cards", with: "name: other"))
    var options = folder.options()
    options.pipelines.append(folder.file("other.yaml"))
    let harness = try await HostHarness(options)
    let host = harness.host
    let digest = try #require(host.engine.pipeline(named: "cards")).definition.digest
    #expect(try await host.reload().map(\.kind) == [.unchanged, .unchanged])

    try folder.write("cards.yaml", HostFolder.pipeline.replacing(">= 2", with: ">= 7"))
    try folder.write("other.yaml", "name: other")
    await #expect(throws: DecisionHostFailure.self) { try await host.reload() }
    #expect(host.engine.pipeline(named: "cards")?.definition.digest == digest)

    try folder.write(
      "other.yaml", HostFolder.pipeline.replacing("name: cards", with: "name: third"))
    let changes = try await host.reload()
    #expect(changes.map(\.name) == ["cards", "other", "third"])
    #expect(changes.map(\.kind) == [.changed, .removed, .added])
    #expect(host.engine.names == ["cards", "third"])

    try folder.write("views.yaml", HostFolder.views + "\n# another")
    do {
      _ = try await host.reload()
      Issue.record("changed views were taken")
    } catch {
      #expect(error.problems[0].contains("views.yaml: the views have changed"))
      #expect(error.problems[0].contains("--rebuild-features"))
    }
    try await harness.stop()
    await #expect(throws: DecisionHostFailure.self) { try await host.reload() }
  }

  @Test func `names that two files share are refused, as are files that are not there`()
    async throws
  {
    let folder = try HostFolder()
    try folder.fill()
    try folder.write("more.yaml", HostFolder.views)
    try folder.write("same.yaml", HostFolder.pipeline)
    try folder.write(
      "second.yaml",
      HostFolder.pipeline.replacing("name: cards", with: "name: second")
        .replacing("views: views.yaml", with: "views: more.yaml"))
    var options = folder.options(state: false)
    options.pipelines += ["same.yaml", "second.yaml", "none.yaml"].map { folder.file($0) }
    let text = try await problems(options).joined(separator: "\n")
    #expect(text.contains("the pipeline 'cards' is that of \(folder.file("cards.yaml")) too"))
    #expect(text.contains("the source 'payments' is declared in"))
    #expect(text.contains("the view of attributes 'home' is declared in"))
    #expect(text.contains("the service 'all' is declared in"))
    #expect(text.contains("none.yaml: cannot be read"))
  }

  @Test func `models that are missing are named with their place`() async throws {
    let folder = try HostFolder()
    try folder.write("cards.yaml", SamplePipeline.text)
    let text = try await problems(folder.options(state: false)).joined(separator: "\n")
    #expect(text.contains("cards.yaml:16:12: tier 'fast': "), "\(text)")
    #expect(text.contains("cards.yaml:24:12: tier 'deep': "), "\(text)")
  }

  @Test func `a state folder serves one process`() async throws {
    let folder = try HostFolder()
    try folder.fill()
    let harness = try await HostHarness(folder.options())
    #expect(try await !problems(folder.options()).isEmpty)
    try await harness.stop()
    #expect(try await problems(folder.options()) == [])
  }
}
