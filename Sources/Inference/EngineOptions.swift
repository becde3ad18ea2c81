/// How the engine runs models; fixed while it lives.
package struct EngineOptions: Sendable {
  /// Where a model's batches run.
  package enum Execution: String, Sendable, CaseIterable {
    /// Measured: inline if one row takes at most ``inlineNanosecondsMax``, else threads.
    case auto
    /// On the event loop that read the request, batched with what arrived in the same tick.
    case inline
    /// On threads of the model's own.
    case threads
  }

  /// The rule for models that do not say.
  package var execution = Execution.auto
  /// The largest time of one row, in nanoseconds, for which `auto` runs inline. A hop to another
  /// thread costs 10 to 20 µs each way, so below this the hop would dominate.
  package var inlineNanosecondsMax: Int64 = 50_000
  /// The largest predicted time of one request, in nanoseconds, that an inline model still runs on
  /// the event loop; a larger one goes to its threads, so that neighbours do not wait for it.
  package var inlineRequestNanosecondsMax: Int64 = 500_000
  /// The deadline of requests that carry none, in nanoseconds from their first byte; 0 is none.
  package var defaultTimeoutNanoseconds: Int64 = 0
  /// Rows that may wait for one model version.
  package var queueRowsMax = 16_384
  /// Input bytes that may wait for one model version.
  package var queueBytesMax = 256 << 20
  /// How long a waiting request takes to rise one priority class, in nanoseconds.
  package var ageingNanoseconds: Int64 = 1_000_000_000
  /// Whether times are measured before a model is published. Off only in tests.
  package var calibrates = true

  package init() {}
}
