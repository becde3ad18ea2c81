import Foundation
import Needletail
import Testing

/// The engine as a service embeds it: only what is public.
@Suite struct NeedletailEngineTests {
  @Test func `a decision comes with its reason and its own event counts for the next`()
    async throws
  {
    let folder = try ServiceFolder()
    let engine = try await NeedletailEngine(folder.configuration())
    #expect(engine.pipelines == ["spending"])
    for number in 0..<3 {
      let decision = try await engine.decide(
        "spending", ["id": .string("p-\(number)"), "card": "c-1", "amount": 20])
      #expect(decision.outcome == "approve")
      #expect(decision.reasons == ["SMALL"])
      #expect(decision.decidedBy == "gate")
    }
    let fourth = try await engine.decide(
      "spending", ["id": "p-3", "card": "c-1", "amount": 20.0], wantsFeatures: true)
    #expect(fourth.outcome == "decline")
    #expect(fourth.features?.first { $0.name == "activity.count_1h" }?.value == 3)
    #expect(fourth.features?.first { $0.name == "activity.spent_1h" }?.value == 60)
    let other = try await engine.decide("spending", ["card": "c-2", "amount": 5_000])
    #expect(other.outcome == "review")
    await engine.close()
  }

  @Test func `the same id gets the same decision and one record, across a restart too`()
    async throws
  {
    let folder = try ServiceFolder()
    let input: [String: Value] = ["id": "p-1", "card": "secret-card", "amount": 20]
    let first: Decision
    do {
      let engine = try await NeedletailEngine(folder.configuration())
      first = try await engine.decide("spending", input)
      let again = try await engine.decide("spending", input)
      #expect(again.id == first.id)
      await engine.close()
    }
    let engine = try await NeedletailEngine(folder.configuration())
    let later = try await engine.decide("spending", input)
    #expect(later.id == first.id)
    let page = try await engine.records(pipeline: "spending")
    #expect(page.records.map(\.id) == [first.id])
    #expect(page.next == nil)
    let record = try #require(try await engine.record(id: first.id))
    #expect(record.requestID == "p-1")
    #expect(record.hash.count == 32)
    #expect(!String(decoding: record.body, as: UTF8.self).contains("secret-card"))
    let features = try engine.features("payment", ["card": "secret-card", "amount": 1])
    #expect(features.first { $0.name == "activity.count_1h" }?.value == 1)
    await engine.close()
  }

  @Test func `what a cancelled task appended is durable when it says so`() async throws {
    let folder = try ServiceFolder()
    let engine = try await NeedletailEngine(folder.configuration())
    let now = Int64(Date().timeIntervalSince1970 * 1e9)
    let event: [String: Value] = [
      "id": "e-1", "time": .timestamp(nanoseconds: now), "card": "c-1", "amount": 5,
    ]
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await engine.append([event], to: "payments")
    }
    task.cancel()
    #expect(try await task.value.accepted == 1)
    // As after a crash: a copy of the files, without closing anything.
    let copy = try ServiceFolder(copying: folder)
    let other = try await NeedletailEngine(copy.configuration())
    let features = try other.features(
      "payment", ["card": "c-1", "amount": 1], at: now + 1_000_000_000)
    #expect(features.first { $0.name == "activity.count_1h" }?.value == 1)
    await other.close()
    await engine.close()
  }

  @Test func `appended events count, duplicates do not, and wrong ones are told by their place`()
    async throws
  {
    let folder = try ServiceFolder()
    let engine = try await NeedletailEngine(folder.configuration(keepsState: false))
    let now = Int64(Date().timeIntervalSince1970 * 1e9)
    func event(_ id: Value, _ amount: Value) -> [String: Value] {
      ["id": id, "time": .timestamp(nanoseconds: now), "card": "c-1", "amount": amount]
    }
    let intake = try await engine.append(
      [event("e-1", 10), event("e-1", 10), event("e-2", "ten"), event("e-3", 2.5)],
      to: "payments")
    #expect(intake.accepted == 2)
    #expect(intake.duplicate == 1)
    #expect(intake.refused.map(\.index) == [2])
    let features = try engine.features(
      "payment", ["card": "c-1", "amount": 1], at: now + 1_000_000_000)
    #expect(features.first { $0.name == "activity.spent_1h" }?.value == 12.5)
    #expect(features.first { $0.name == "activity.count_1h" }?.status == "fresh")
    await engine.close()
  }

  @Test func `what is wrong with an input is told whole`() async throws {
    let folder = try ServiceFolder()
    let engine = try await NeedletailEngine(folder.configuration(keepsState: false))
    let failure = await #expect(throws: EngineFailure.self) {
      try await engine.decide("spending", ["amount": -1, "colour": "red"])
    }
    #expect(failure?.code == .invalidInput)
    let text = failure?.description ?? ""
    for word in ["card", "amount", "colour"] { #expect(text.contains(word)) }
    let missing = await #expect(throws: EngineFailure.self) {
      try await engine.decide("lending", [:])
    }
    #expect(missing?.code == .notFound)
    #expect(missing?.description.contains("spending") == true)
    await engine.close()
    let closed = await #expect(throws: EngineFailure.self) {
      try await engine.decide("spending", ["card": "c", "amount": 1])
    }
    #expect(closed?.code == .closed)
  }

  @Test func `a wrong file changes nothing, and a right one is served`() async throws {
    let folder = try ServiceFolder()
    let engine = try await NeedletailEngine(folder.configuration(keepsState: false))
    let wrong = ServiceFolder.pipeline.replacing("amount <", with: "amuont <")
    try folder.write("pipeline.yaml", wrong)
    let failure = await #expect(throws: EngineFailure.self) { try await engine.reload() }
    #expect(failure?.code == .configuration)
    #expect(failure?.description.contains("pipeline.yaml:19:") == true)
    let before = try await engine.decide("spending", ["card": "c-9", "amount": 99])
    #expect(before.outcome == "approve")
    try folder.write("pipeline.yaml", ServiceFolder.pipeline.replacing("< 100.0", with: "< 50.0"))
    #expect(try await engine.reload() == ["spending"])
    let after = try await engine.decide("spending", ["card": "c-9", "amount": 99])
    #expect(after.outcome == "review")
    #expect(after.digest != before.digest)
    await engine.close()
  }

  @Test func `a file that is wrong from the start is told with its places`() async throws {
    let folder = try ServiceFolder()
    try folder.write(
      "pipeline.yaml", ServiceFolder.pipeline.replacing("decide: review", with: "decide: reveiw"))
    let failure = await #expect(throws: EngineFailure.self) {
      try await NeedletailEngine(folder.configuration())
    }
    #expect(failure?.code == .configuration)
    #expect(failure?.description.contains("reveiw") == true)
  }

  @Test func `decisions side by side on several threads are all made`() async throws {
    let folder = try ServiceFolder()
    var configuration = folder.configuration()
    configuration.threads = 2
    let engine = try await NeedletailEngine(configuration)
    let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<200 {
        group.addTask {
          try await engine.decide(
            "spending", ["id": .string("p-\(number)"), "card": .string("c-\(number)"), "amount": 9]
          ).outcome
        }
      }
      return try await group.reduce(into: [String]()) { $0.append($1) }
    }
    #expect(outcomes == [String](repeating: "approve", count: 200))
    var ids: Set<String> = []
    var next: String?
    repeat {
      let page = try await engine.records(limit: 64, after: next)
      ids.formUnion(page.records.map(\.id))
      next = page.next
    } while next != nil
    #expect(ids.count == 200)
    await engine.close()
  }
}
