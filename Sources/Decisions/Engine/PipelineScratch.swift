internal import Features
internal import Records
internal import Rules

/// What a port reuses from decision to decision of one pipeline.
final class PipelineScratch {
  let pipeline: Pipeline
  /// What a decision may wait for the model it meets first, if that runs on the port's thread.
  let turn: TurnLimit?
  /// Whether that model ran there when it was asked last.
  private(set) var turnRunsHere = false
  private var text: RecordText
  private var row: RuleRow?
  /// The call whose values the row holds.
  private weak var rowOwner: DecisionCall?
  private var record: EventRecord?
  /// The event of a decision, alone in its batch.
  private var events: [EventRecord] = []
  private var outcomes: [IngestOutcome] = []
  /// How many features a decision has.
  private let featureCount: Int

  init(_ pipeline: Pipeline) {
    self.pipeline = pipeline
    turn = TurnLimit(pipeline.definition)
    text = RecordText(pipeline.definition)
    row = pipeline.definition.fields.schema.map { RuleRow($0) }
    featureCount =
      pipeline.definition.features.map { $0.definitions.services[$0.service].slots.count } ?? 0
    if let use = pipeline.definition.features {
      record = use.definitions.request.map { EventRecord($0) }
      if let source = use.event { events = [EventRecord(use.definitions.sources[source].schema)] }
    }
  }

  /// The last refusal for want of time, which holds for a millisecond: under overload there are
  /// tens of thousands a second, and its words take longer than the rest.
  private var refusal: (failure: DecisionFailure, until: Int64)?

  /// The refusal of a request that came at `now`, in monotonic nanoseconds.
  func refusal(now: Int64, _ make: () -> DecisionFailure) -> DecisionFailure {
    if let refusal, now < refusal.until { return refusal.failure }
    let failure = make()
    refusal = (failure, now + 1_000_000)
    return failure
  }

  /// Notes where the model of a tier was asked.
  func note(_ tier: Int, runsHere: Bool) {
    if tier == turn?.tier { turnRunsHere = runsHere }
  }

  /// Reads the features of a request; false if they were not to be had by `until`.
  func readFeatures(_ call: DecisionCall, until: Int64) -> Bool {
    guard let use = pipeline.definition.features, let store = pipeline.features, record != nil
    else { return true }
    if case .given(let vector) = call.request.supply {
      let count = use.definitions.services[use.service].slots.count
      guard vector.values.count == count, vector.statuses.count == count,
        vector.ages.count == count
      else { return false }
      call.vector = vector
      return true
    }
    record?.fill(call, use.request)
    guard let record else { return false }
    return store.vector(
      use.service, record, at: call.request.eventTime, until: until, into: &call.vector)
  }

  /// Appends the decided request as an event.
  ///
  /// - Parameter completion: is told on any thread when the event is as safe as the store can make
  ///   it, or why not; not called if there is no event, or if this throws.
  /// - Returns: whether there is an event.
  func appendEvent(
    _ call: DecisionCall, id: String,
    completion: (@Sendable (Result<Void, StoreFailure>) -> Void)?
  ) throws(StoreFailure) -> Bool {
    guard let use = pipeline.definition.features, let store = pipeline.features,
      let source = use.event, !events.isEmpty, case .store = call.request.supply
    else { return false }
    events[0].fill(call, use.eventFields)
    let given =
      call.requestID
      ?? use.idField.flatMap {
        call.request.input.has($0) ? call.request.input.string($0) : nil
      }
    // All events of an empty id would be one.
    events[0].set(id: given.flatMap { $0.isEmpty ? nil : $0 } ?? id)
    if pipeline.isVolatile {
      store.ingestVolatile(
        events[...], source: source, now: call.request.wallTime, into: &outcomes)
      completion?(.success(()))
      return true
    }
    try store.ingest(
      events[...], source: source, now: call.request.wallTime, into: &outcomes,
      completion: completion)
    return true
  }

  /// What is kept of a decision.
  func record(_ decision: borrowing Decision, _ call: DecisionCall) -> DecisionRecord {
    DecisionRecord(
      id: decision.id, requestID: decision.requestID, pipeline: decision.pipeline,
      pipelineDigest: decision.digest, decidedAt: decision.decidedAt, outcome: decision.outcome,
      isDegraded: decision.isDegraded, body: text.body(decision, call), context: text.context)
  }

  /// Runs `body` with the row of a call's values.
  func withRow<Result>(_ call: DecisionCall, _ body: (borrowing RuleRow) -> Result?) -> Result? {
    guard var row else { return nil }
    // Taken out while it is filled, so that its memory is not copied.
    self.row = nil
    if rowOwner !== call {
      fill(&row, call)
      rowOwner = call
    }
    setScore(&row, call)
    let result = body(row)
    self.row = row
    return result
  }

  private func fill(_ row: inout RuleRow, _ call: DecisionCall) {
    row.clear()
    Self.fill(&row, call.request.input, pipeline.definition.inputs)
    Self.fill(&row, call.vector, pipeline.definition.fields, of: featureCount)
  }

  // Borrowed, so that no definition is copied for a decision.
  private static func fill(
    _ row: inout RuleRow, _ input: borrowing DecisionInput, _ schema: borrowing InputSchema
  ) {
    for index in schema.fields.indices where input.has(index) {
      switch schema.fields[index].type {
      case .bool: row.set(index, bool: input.bool(index))
      case .int: row.set(index, int: input.int(index))
      case .double: row.set(index, double: input.double(index))
      case .timestamp: row.set(index, timestamp: input.int(index))
      case .string:
        // Longer texts than a row takes leave the field missing.
        try? row.set(index, string: input.bytes.span.extracting(input.texts[index]))
      case .duration, .null: break
      }
    }
  }

  private static func fill(
    _ row: inout RuleRow, _ vector: borrowing FeatureVector, _ fields: borrowing PipelineFields,
    of featureCount: Int
  ) {
    if !vector.values.isEmpty {
      for index in fields.featureFields.indices {
        let place = fields.featureFields[index]
        guard vector.statuses[place.feature] != .missing else { continue }
        let value = vector.values[place.feature]
        switch place.type {
        case .double: row.set(place.field, double: value)
        case .int: row.set(place.field, int: Int64(exactly: value.rounded()) ?? 0)
        case .bool: row.set(place.field, bool: value != 0)
        case .string, .timestamp, .duration, .null: break
        }
      }
    }
    var stale: Int64 = 0
    // What could not be read in time is missing.
    var missing = Int64(vector.statuses.isEmpty ? featureCount : 0)
    var oldest: Int64 = -1
    for index in vector.statuses.indices {
      if vector.statuses[index] == .stale { stale += 1 }
      if vector.statuses[index] == .missing { missing += 1 }
      oldest = max(oldest, vector.ages[index])
    }
    row.set(fields.stale, int: stale)
    row.set(fields.missing, int: missing)
    if oldest >= 0 { row.set(fields.oldest, duration: oldest) }
  }

  private func setScore(_ row: inout RuleRow, _ call: DecisionCall) {
    if let score = call.run.score, let tier = call.run.scoredTier {
      row.set(pipeline.definition.fields.score, double: score)
      try? row.set(pipeline.definition.fields.tier, string: pipeline.definition.tiers[tier].name)
    }
    if let verdict = call.run.verdict {
      let outcome = pipeline.definition.outcomes[verdict.outcome]
      try? row.set(pipeline.definition.fields.outcome, string: outcome)
    }
  }
}

extension EventRecord {
  /// Takes the fields of a request.
  fileprivate mutating func fill(_ call: DecisionCall, _ copies: [FeatureUse.FieldCopy]) {
    clear()
    set(time: call.request.eventTime)
    let pipeline = call.request.pipeline
    for copy in copies where call.request.input.has(copy.input) {
      switch pipeline.definition.inputs.fields[copy.input].type {
      case .bool: set(copy.record, bool: call.request.input.bool(copy.input))
      case .int, .timestamp: set(copy.record, int: call.request.input.int(copy.input))
      case .double: set(copy.record, double: call.request.input.double(copy.input))
      case .string: set(copy.record, string: call.request.input.string(copy.input))
      case .duration, .null: break
      }
    }
  }
}
