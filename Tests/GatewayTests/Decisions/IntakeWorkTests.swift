import Foundation
import NIOCore
import NIOEmbedded
import Testing

@testable import Decisions
@testable import Features
@testable import Gateway

/// Bodies of events, turn by turn.
@Suite struct IntakeWorkTests {
  private static func lines(_ count: Int, bytes: Int = 1, from first: Int = 0) -> String {
    let card = String(repeating: "x", count: bytes)
    let lines = (first..<first + count).map {
      #"{"id":"e\#($0)","at":"2026-05-01T12:00:00Z","card":"\#(card)","amount":1}"#
    }
    return lines.joined(separator: "\n")
  }

  /// Opens a store, runs `body` with a server beside it, and closes both.
  private static func with(
    _ change: (inout StoreOptions) -> Void = { _ in },
    _ body: (ServerContext, EventFeed) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "needletail-\(UInt64.random(in: 0 ... .max))")
    defer { try? FileManager.default.removeItem(at: folder) }
    let views = try FeatureFile.parse(DecisionTestHost.views, path: "views.yaml")
    var options = StoreOptions()
    change(&options)
    let store = try FeatureStore.open(views, path: folder.path, options)
    let feed = EventFeed(
      name: "payments", store: store, source: 0, schema: views.sources[0].schema)
    try await DecisionTestServer.with { try await body($0.context, feed) }
    try store.close()
  }

  /// Runs the first turn of a body that is looked through already.
  ///
  /// - Parameter leaves: whether the client closes its side in the same turn.
  /// - Returns: how many events the store has then.
  private static func start(
    _ body: String, _ connection: TestConnection, _ context: ServerContext, _ feed: EventFeed,
    leaves: Bool = false
  ) async throws -> Int {
    try await connection.answering(context) { handler in
      var items = BodyItems(
        ByteBuffer(string: body), .lines, itemsMax: 1_000, valueBytesMax: 1 << 20, depthMax: 64)
      while !items.isScanned { try items.scan() }
      let channel = try #require(handler.channelContext)
      let door = try #require(context.ports.door(on: channel.eventLoop))
      let work = IntakeWork(items, table: IntakeTable(feed), door: door, connection: handler)
      handler.work = work
      work.start()
      if leaves {
        handler.userInboundEventTriggered(context: channel, event: ChannelEvent.inputClosed)
      }
      return Int(feed.store.counts(source: 0).accepted)
    }
  }

  /// Takes 64 events in for which nobody waits.
  private static func fill(_ feed: EventFeed) throws {
    let decoder = RecordDecoder(feed.schema, wanted: nil)
    for (index, line) in lines(64).split(separator: "\n").enumerated() {
      try decoder.decode(ByteBuffer(substring: line), isLine: true, into: index)
    }
    var outcomes: [IngestOutcome] = []
    try feed.store.ingest(
      decoder.records[..<64], source: 0, now: WallClock.now(), into: &outcomes, completion: nil)
  }

  private static func answer(_ connection: TestConnection) async throws -> String {
    String(buffer: try await connection.channel.waitForOutboundWrite(as: ByteBuffer.self))
  }

  @Test func `a turn that is due after the answer does nothing`() async throws {
    try await Self.with { context, feed in
      try await TestConnection.with { connection in
        let body = Self.lines(200)
        #expect(try await Self.start(body, connection, context, feed, leaves: true) == 64)
        let answer = try await Self.answer(connection)
        #expect(answer.hasPrefix("HTTP/1.1 499 ") && answer.contains(#""accepted":64"#))
        // The connection is gone; the turn for the next slice is still to come.
        try await connection.channel.closeFuture.get()
        await connection.loop.advanceTime(by: .milliseconds(10))
        #expect(feed.store.counts(source: 0).accepted == 64)
      }
    }
  }

  @Test func `events that still wait for room when the client leaves are not called taken`()
    async throws
  {
    // What nobody waits for fills the queue, and stays there until the store is closed.
    let change = { (options: inout StoreOptions) in
      options.queueBatches = 2
      options.lazyGatherNanoseconds = 3_600_000_000_000
    }
    try await Self.with(change) { context, feed in
      try Self.fill(feed)
      try await TestConnection.with { connection in
        let body = Self.lines(64, from: 64)
        #expect(try await Self.start(body, connection, context, feed, leaves: true) == 64)
        await connection.loop.advanceTime(by: .milliseconds(1))
        let answer = try await Self.answer(connection)
        #expect(answer.hasPrefix("HTTP/1.1 499 ") && answer.contains(#""accepted":0"#))
      }
    }
  }

  @Test func `a turn ends once its events have so many bytes`() async throws {
    try await Self.with { context, feed in
      try await TestConnection.with { connection in
        let body = Self.lines(64, bytes: 10_000)
        let accepted = try await Self.start(body, connection, context, feed)
        #expect(accepted > 20 && accepted < 30)
      }
    }
  }
}
