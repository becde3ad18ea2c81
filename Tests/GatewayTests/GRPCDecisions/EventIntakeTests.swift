import Foundation
import NIOCore
import NIOEmbedded
import NIOPosix
import SwiftProtobuf
import Testing

@testable import Decisions
@testable import Features
@testable import Gateway

/// Events on their way into a store that has little room.
@Suite struct EventIntakeTests {
  private final class Owner: EventIntakeOwner {
    private let promise: EventLoopPromise<Result<IntakeCounts, CallFailure>>
    private var taken = 0

    init(_ promise: EventLoopPromise<Result<IntakeCounts, CallFailure>>) {
      self.promise = promise
    }

    func taken(_ intake: EventIntake) { taken += 1 }

    func ended(_ intake: EventIntake, _ result: Result<IntakeCounts, CallFailure>) {
      #expect(taken == 1)
      promise.succeed(result)
    }
  }

  /// Hears nothing.
  private final class IdleOwner: EventIntakeOwner {
    func taken(_ intake: EventIntake) {}
    func ended(_ intake: EventIntake, _ result: Result<IntakeCounts, CallFailure>) {}
  }

  /// A message with events.
  private static func message(_ count: Int, textBytes: Int) throws -> [UInt8] {
    let request = Needletail_V1_AppendRequest.with {
      $0.source = "payments"
      $0.events = (0..<count).map { index in
        .with {
          $0.values = GRPCDecisionTests.input(
            1, card: String(repeating: "x", count: textBytes), id: "e\(index)")
          $0.values["at"] = .with { $0.timestampNs = 1_700_000_000_000_000_000 }
        }
      }
    }
    return try request.serializedBytes()
  }

  /// Opens a store with these options, runs `body`, and closes it.
  private static func with<Result>(
    _ change: (inout StoreOptions) -> Void, _ body: (EventFeed) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "needletail-\(UInt64.random(in: 0 ... .max))")
    defer { try? FileManager.default.removeItem(at: folder) }
    let views = try FeatureFile.parse(DecisionTestHost.views, path: "views.yaml")
    var options = StoreOptions()
    change(&options)
    let store = try FeatureStore.open(views, path: folder.path, options)
    let feed = EventFeed(
      name: "payments", store: store, source: 0, schema: views.sources[0].schema)
    let result = try await body(feed)
    try store.close()
    return result
  }

  /// Takes events into a store with these options.
  private static func take(
    _ count: Int, textBytes: Int = 1, _ change: (inout StoreOptions) -> Void
  ) async throws -> (Result<IntakeCounts, CallFailure>, IngestCounts) {
    try await with(change) { feed in
      let bytes = try message(count, textBytes: textBytes)
      let parts = try ManyFields(bytes.span, "events", partsMax: count).parts
      let loop = MultiThreadedEventLoopGroup.singleton.next()
      let promise = loop.makePromise(of: Result<IntakeCounts, CallFailure>.self)
      let owner = try await loop.submit {
        let owner = Owner(promise)
        EventIntake(
          0, IntakeTable(feed), ByteBuffer(bytes: bytes), parts, on: loop,
          scratch: EventScratch(), owner: owner
        ).start()
        return NIOLoopBound(owner, eventLoop: loop)
      }.get()
      let result = try await promise.futureResult.get()
      try await loop.submit { withExtendedLifetime(owner.value) {} }.get()
      return (result, feed.store.counts(source: 0))
    }
  }

  @Test func `a turn ends once its events have so many bytes`() async throws {
    let bytes = try Self.message(64, textBytes: 10_000)
    let parts = try ManyFields(bytes.span, "events", partsMax: 64).parts
    let loop = NIOAsyncTestingEventLoop()
    let accepted = try await Self.with({ _ in }) { feed in
      try await loop.executeInContext {
        let owner = IdleOwner()
        EventIntake(
          0, IntakeTable(feed), ByteBuffer(bytes: bytes), parts, on: loop,
          scratch: EventScratch(), owner: owner
        ).start()
        return withExtendedLifetime(owner) { Int(feed.store.counts(source: 0).accepted) }
      }
    }
    await loop.shutdownGracefully()
    #expect(accepted > 20 && accepted < 30)
  }

  @Test func `a store without room is waited for, and each event counts once`() async throws {
    let (result, counts) = try await Self.take(2_000) { $0.queueBatches = 2 }
    #expect(try result.get().counts.accepted == 2_000)
    #expect(counts.accepted == 2_000 && counts.duplicate == 0)
  }

  @Test func `a slice that can never wait is an end with a status`() async throws {
    let (result, counts) = try await Self.take(10, textBytes: 5_000) { $0.queueBytes = 1_000 }
    guard case .failure(let failure) = result else {
      Issue.record("the events were accepted")
      return
    }
    #expect(failure.status == .resourceExhausted && failure.message.contains("send smaller"))
    #expect(counts.accepted == 0)
  }
}
