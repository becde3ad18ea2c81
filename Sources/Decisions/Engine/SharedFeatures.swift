package import Features
internal import Synchronization
internal import Timing

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// The one feature engine of a file of views, for every thread: a lock that is held for
/// microseconds (see docs/decisions/0008-features-behind-one-lock.md).
package final class SharedFeatures: Sendable {
  /// Events taken in under one hold of the lock.
  package static let chunk = 32

  package let definitions: FeatureDefinitions
  private let engine: Mutex<FeatureEngine>

  /// A store that has seen nothing.
  ///
  /// - Parameter seed: 128 secret bits; answers do not depend on them.
  package init(_ definitions: FeatureDefinitions, seed: (UInt64, UInt64)) {
    self.definitions = definitions
    engine = Mutex(FeatureEngine(definitions, seed: seed))
  }

  /// The features of a service as of `time` (nanoseconds since 1970).
  ///
  /// - Parameter until: the monotonic instant after which nobody wants them.
  /// - Returns: false if the lock was not to be had by then.
  package func read(
    _ service: Int, _ request: borrowing EventRecord, at time: Int64,
    until: Int64, into vector: inout FeatureVector
  ) -> Bool {
    while true {
      let isRead: Void? = engine.withLockIfAvailable {
        $0.vector(service, request, at: time, into: &vector)
      }
      if isRead != nil { return true }
      guard MonotonicInstant.now().nanoseconds < until else { return false }
      _ = sched_yield()
    }
  }

  /// Takes one event in; `now` is the present in nanoseconds since 1970.
  package func ingest(
    _ event: borrowing EventRecord, source: Int, now: Int64
  ) -> IngestOutcome {
    engine.withLock { $0.ingest(event, source: source, now: now) }
  }

  /// Takes events in, letting decisions through between each ``chunk`` of them.
  ///
  /// - Returns: what became of them.
  package func ingest(_ events: [EventRecord], source: Int, now: Int64) -> IngestCounts {
    var counts = IngestCounts()
    var start = 0
    while start < events.count {
      let end = min(start + Self.chunk, events.count)
      engine.withLock { engine in
        for event in events[start..<end] {
          counts.count(engine.ingest(event, source: source, now: now))
        }
      }
      start = end
    }
    return counts
  }

  /// Takes the attributes of a key in.
  package func update(_ record: borrowing EventRecord, view: Int) -> IngestOutcome {
    engine.withLock { $0.update(record, view: view) }
  }

  /// Forgets up to `budget` keys that nothing asked at `time` or later can want.
  package func expire(before time: Int64, budget: Int) -> Int {
    engine.withLock { $0.expire(before: time, budget: budget) }
  }

  /// What became of the events of a source.
  package func counts(source: Int) -> IngestCounts { engine.withLock { $0.counts(source: source) } }

  /// Holds the lock while `body` runs: for tests of what happens when features cannot be had.
  package func withEngineHeld<Result: Sendable>(_ body: () -> Result) -> Result {
    engine.withLock { _ in body() }
  }
}
