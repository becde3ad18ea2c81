internal import Features
internal import Rules

/// What a port reuses from decision to decision of one pipeline.
final class PipelineScratch {
  let pipeline: Pipeline
  /// Of ``DecisionText``: what is written of each feature, whatever its value.
  let featurePieces: [[UInt8]]
  private var row: RuleRow?
  /// The call whose values the row holds.
  private weak var rowOwner: DecisionCall?
  private var record: EventRecord?
  private var event: EventRecord?

  init(_ pipeline: Pipeline) {
    self.pipeline = pipeline
    featurePieces = DecisionText.featurePieces(pipeline.definition)
    row = pipeline.definition.fields.schema.map { RuleRow($0) }
    if let use = pipeline.definition.features {
      record = use.definitions.request.map { EventRecord($0) }
      event = use.event.map { EventRecord(use.definitions.sources[$0].schema) }
    }
  }

  /// Reads the features of a request; false if they were not to be had by `until`.
  func readFeatures(_ call: DecisionCall, until: Int64) -> Bool {
    guard let use = pipeline.definition.features, let store = pipeline.features, record != nil
    else { return true }
    record?.fill(call.request, use.request)
    guard let record else { return false }
    return store.read(
      use.service, record, at: call.request.eventTime, until: until, into: &call.vector)
  }

  /// Appends the decided request as an event.
  func appendEvent(_ call: DecisionCall, id: String) {
    guard let use = pipeline.definition.features, let store = pipeline.features,
      let source = use.event, event != nil
    else { return }
    event?.fill(call.request, use.eventFields)
    let given = use.idField.flatMap {
      call.request.input.has($0) ? call.request.input.string($0) : nil
    }
    event?.set(id: given ?? id)
    guard let event else { return }
    _ = store.ingest(event, source: source, now: call.request.wallTime)
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
    let definition = pipeline.definition
    let input = call.request.input
    for (index, field) in definition.inputs.fields.enumerated() where input.has(index) {
      switch field.type {
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
    fillFeatures(&row, call.vector)
  }

  private func fillFeatures(_ row: inout RuleRow, _ vector: FeatureVector) {
    let fields = pipeline.definition.fields
    if !vector.values.isEmpty {
      for place in fields.featureFields where vector.statuses[place.feature] != .missing {
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
    var missing: Int64 = 0
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
    let fields = pipeline.definition.fields
    guard let score = call.run.score, let tier = call.run.scoredTier else { return setOutcome() }
    row.set(fields.score, double: score)
    try? row.set(fields.tier, string: pipeline.definition.tiers[tier].name)
    setOutcome()

    func setOutcome() {
      guard let verdict = call.run.verdict else { return }
      try? row.set(fields.outcome, string: pipeline.definition.outcomes[verdict.outcome])
    }
  }
}

extension EventRecord {
  /// Takes the fields of a request.
  fileprivate mutating func fill(_ request: DecisionRequest, _ copies: [FeatureUse.FieldCopy]) {
    clear()
    set(time: request.eventTime)
    let fields = request.pipeline.definition.inputs.fields
    for copy in copies where request.input.has(copy.input) {
      switch fields[copy.input].type {
      case .bool: set(copy.record, bool: request.input.bool(copy.input))
      case .int, .timestamp: set(copy.record, int: request.input.int(copy.input))
      case .double: set(copy.record, double: request.input.double(copy.input))
      case .string: set(copy.record, string: request.input.string(copy.input))
      case .duration, .null: break
      }
    }
  }
}
