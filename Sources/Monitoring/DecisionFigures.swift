package import Timing

/// What decision pipelines, their features and their records know of themselves, for the metrics
/// page.
package struct DecisionFigures: Sendable {
  /// One pipeline.
  package struct Pipeline: Sendable {
    package var name: String
    package var digest: String
    package var outcomes: [Outcome] = []
    /// Why decisions were degraded, and how often.
    package var degraded: [(reason: String, count: UInt64)] = []
    /// Requests without a decision, by code.
    package var failures: [(code: String, count: UInt64)] = []
    package var stages: [(name: String, times: LatencyHistogram)] = []
    package var degradedCount: UInt64 = 0
    package var lateCount: UInt64 = 0
    /// Decisions under way, and the most there may be.
    package var underWay = 0
    package var underWayLimit = 0
    package var tiers: [Tier] = []

    package init(name: String, digest: String) {
      self.name = name
      self.digest = digest
    }
  }

  /// How often one outcome was decided by one part of a pipeline.
  package struct Outcome: Sendable {
    package var outcome: String
    package var decidedBy: String
    package var count: UInt64

    package init(outcome: String, decidedBy: String, count: UInt64) {
      self.outcome = outcome
      self.decidedBy = decidedBy
      self.count = count
    }
  }

  /// One tier of a pipeline.
  package struct Tier: Sendable {
    package var name: String
    /// `closed`, `open` or `half-open`.
    package var breaker = "closed"
    package var openings = 0
    package var inFlight = 0
    /// The share of scored requests that go on to the next tier, 0 to 1; `nil` for the last.
    package var share: Double?
    /// The part of the declared band of scores that goes on.
    package var band: Double?

    package init(name: String) { self.name = name }
  }

  /// The store of records.
  package struct Records: Sendable {
    package var queuedRows = 0
    package var queuedBytes = 0
    package var recorded: UInt64 = 0
    package var duplicates: UInt64 = 0
    package var refused: UInt64 = 0
    package var failed: UInt64 = 0
    package var lost: UInt64 = 0
    package var commitTime = LatencyHistogram()
    package var lastSequence: Int64 = 0
    package var isFailed = false

    package init() {}
  }

  /// The state of one file of feature views.
  package struct Store: Sendable {
    package var views: String
    package var bytes = 0
    /// Keys of each entity, and the most there may be.
    package var entities: [(name: String, keys: Int, most: Int)] = []
    package var isFailed = false

    package init(views: String) { self.views = views }
  }

  /// A source of events.
  package struct Source: Sendable {
    package var name: String
    package var outcomes: [(name: String, count: Int)] = []
    /// The newest event time in nanoseconds since 1970; `nil` before the first event.
    package var newest: Int64?

    package init(name: String) { self.name = name }
  }

  package var pipelines: [Pipeline] = []
  /// `nil` where none are kept.
  package var records: Records?
  package var stores: [Store] = []
  package var sources: [Source] = []

  package init() {}
}
