package import Timing

/// One request for a decision.
package struct DecisionRequest {
  /// The pipeline that decides it, whatever is served by then.
  package let pipeline: Pipeline
  package let input: DecisionInput
  /// When its last byte was read, from which its budget counts.
  package var receivedAt: MonotonicInstant
  /// The caller's; the pipeline's budget may end before it.
  package var deadline = MonotonicInstant.distantFuture
  /// The present in nanoseconds since 1970; the event time where the input has none.
  package var wallTime: Int64
  /// Whether the answer waits for its record however long that takes: for files, not for callers.
  package var waitsForRecord = false
  /// Where its features come from.
  package var supply = FeatureSupply.store
  /// Whether the decision says the features.
  package var wantsFeatures = false

  /// A request whose input was checked.
  package init(
    pipeline: Pipeline, input: DecisionInput, receivedAt: MonotonicInstant, wallTime: Int64
  ) {
    self.pipeline = pipeline
    self.input = input
    self.receivedAt = receivedAt
    self.wallTime = wallTime
  }

  /// A request from JSON.
  ///
  /// - Throws: everything that is wrong with it.
  package init(
    pipeline: Pipeline, json: [UInt8], in range: Range<Int>? = nil,
    receivedAt: MonotonicInstant, wallTime: Int64
  ) throws(InputProblems) {
    let input = try InputReader.read(json, in: range, pipeline.definition.inputs)
    self.init(pipeline: pipeline, input: input, receivedAt: receivedAt, wallTime: wallTime)
  }

  /// The caller's id; `nil` if the pipeline declares none or it was left out.
  package var requestID: String? {
    pipeline.definition.inputs.idField.flatMap { input.has($0) ? input.string($0) : nil }
  }

  /// The instant that features are asked as of, in nanoseconds since 1970.
  package var eventTime: Int64 {
    if let field = pipeline.definition.inputs.timeField, input.has(field) {
      return input.int(field)
    }
    return wallTime
  }

  /// Whether its input says when it happened.
  var hasOwnTime: Bool { pipeline.definition.inputs.timeField.map { input.has($0) } ?? false }
}

/// Gets the outcome of a request, exactly once, on the port's thread; maybe before
/// ``DecisionPort/submit(_:receiver:)`` returns.
package protocol DecisionReceiver: AnyObject {
  func receive(_ outcome: Result<Decision, DecisionFailure>)
}

/// Why a request has no decision.
package struct DecisionFailure: Error, Sendable, Equatable {
  /// What went wrong, for machines.
  package enum Code: String, Sendable, CaseIterable {
    /// As many decisions as may be are under way, or more than can be made in time.
    case overloaded = "OVERLOADED"
    /// The decision could not be recorded as the pipeline demands, or not in time.
    case durability = "DURABILITY"
  }

  package var code: Code
  package var message: String
  /// Nanoseconds after which it is worth trying again; `nil` where that is not known.
  package var retryAfter: Int64?

  package init(_ code: Code, _ message: String, retryAfter: Int64? = nil) {
    self.code = code
    self.message = message
    self.retryAfter = retryAfter
  }
}
