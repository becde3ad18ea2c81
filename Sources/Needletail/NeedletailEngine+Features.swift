internal import Decisions
internal import Features
private import Foundation

extension NeedletailEngine {
  /// Takes in events of a source; returns when they are durable, where the engine has a folder of
  /// state. They count in features from the moment they are taken in.
  ///
  /// A batch that failed may be sent again: with an id, no event counts twice.
  ///
  /// - Throws: ``EngineFailure``: `notFound`, `durability` or `closed`.
  @discardableResult
  public func append(
    _ events: [[String: Value]], to source: String
  ) async throws(EngineFailure) -> Intake {
    try checkOpen()
    guard let feed = host.feed(named: source) else {
      let known = host.feeds.map(\.name).joined(separator: ", ")
      throw EngineFailure(.notFound, "there is no source '\(source)'; served: \(known)")
    }
    let now = Int64(Date().timeIntervalSince1970 * 1e9)
    return try await take(events, feed.schema) {
      (records, outcomes, completion) throws(StoreFailure) in
      try feed.store.ingest(
        records, source: feed.source, now: now, into: &outcomes, completion: completion)
    }
  }

  /// Takes in attributes for keys of a view, as ``append(_:to:)`` does events.
  @discardableResult
  public func update(
    _ attributes: [[String: Value]], in view: String
  ) async throws(EngineFailure) -> Intake {
    try checkOpen()
    guard let feed = host.attributes(named: view) else {
      let known = host.attributeFeeds.map(\.name).joined(separator: ", ")
      throw EngineFailure(.notFound, "there is no view of attributes '\(view)'; served: \(known)")
    }
    return try await take(attributes, feed.schema) {
      (records, outcomes, completion) throws(StoreFailure) in
      try feed.store.update(records, view: feed.view, into: &outcomes, completion: completion)
    }
  }

  /// The features of a service for one request, as of `time` (nanoseconds since 1970; now if
  /// `nil`).
  ///
  /// - Parameter request: the service's request fields: the keys, and what transforms read.
  /// - Throws: ``EngineFailure``: `notFound`, `invalidInput` or `closed`.
  public func features(
    _ service: String, _ request: [String: Value], at time: Int64? = nil
  ) throws(EngineFailure) -> [Decision.Feature] {
    try checkOpen()
    guard let served = host.service(named: service) else {
      let known = host.services.map(\.name).joined(separator: ", ")
      throw EngineFailure(.notFound, "there is no service '\(service)'; served: \(known)")
    }
    let instant = time ?? Int64(Date().timeIntervalSince1970 * 1e9)
    var request = request
    if request[served.schema.timeName] == nil {
      request[served.schema.timeName] = .timestamp(nanoseconds: instant)
    }
    // Without an identity, as nothing is kept of it.
    let schema = RecordSchema(
      fields: served.schema.fields, timeName: served.schema.timeName,
      timeUnit: served.schema.timeUnit)
    let wanted = served.store.definitions.services[served.service].requestFields
    let read = Self.records([request], schema, wanted: wanted)
    guard let record = read.records.first else {
      throw EngineFailure(.invalidInput, read.intake.refused.map(\.reason))
    }
    var vector = FeatureVector()
    served.store.vector(served.service, record, at: instant, into: &vector)
    let definitions = served.store.definitions
    let slots = definitions.services[served.service].slots
    return slots.indices.map { index in
      let isMissing = vector.statuses[index] == .missing
      return Decision.Feature(
        name: definitions.slots[slots[index]].name,
        value: isMissing ? nil : vector.values[index], status: "\(vector.statuses[index])",
        age: vector.ages[index] < 0 ? nil : .nanoseconds(vector.ages[index]))
    }
  }

  private func take(
    _ list: [[String: Value]], _ schema: RecordSchema,
    _ take: (
      ArraySlice<EventRecord>, inout [IngestOutcome],
      @escaping @Sendable (Result<Void, StoreFailure>) -> Void
    ) throws(StoreFailure) -> Void
  ) async throws(EngineFailure) -> Intake {
    var (records, places, intake) = Self.records(list, schema)
    guard !records.isEmpty else { return intake }
    var outcomes: [IngestOutcome] = []
    // Not to be cancelled: what is returned has to be true.
    let result: Result<Void, StoreFailure> = await withCheckedContinuation { continuation in
      do throws(StoreFailure) {
        try take(records[...], &outcomes) { continuation.resume(returning: $0) }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    if case .failure(let failure) = result {
      throw EngineFailure(.durability, failure.description)
    }
    for (place, outcome) in zip(places, outcomes) { intake.count(outcome, at: place, schema) }
    intake.refused.sort { $0.index < $1.index }
    return intake
  }

  /// The records that can be read, and where each was; those that cannot are refused.
  private static func records(
    _ list: [[String: Value]], _ schema: RecordSchema, wanted: Set<Int>? = nil
  ) -> (records: [EventRecord], places: [Int], intake: Intake) {
    let unit = nanoseconds(of: schema.timeUnit)
    var records: [EventRecord] = []
    var places: [Int] = []
    var intake = Intake()
    for (index, members) in list.enumerated() {
      var text: [UInt8]? = JSONText.object(members, unit: unit)
      var reader = Features.RecordReader(.ndjson, schema, name: "", wanted: wanted) { bytes in
        guard let line = text else { return false }
        bytes += line
        text = nil
        return true
      }
      var record = EventRecord(schema)
      do throws(RecordProblem) {
        guard try reader.next(into: &record) else { continue }
        records.append(record)
        places.append(index)
      } catch {
        intake.refuse(index, error.message)
      }
    }
    return (records, places, intake)
  }

  private static func nanoseconds(of unit: TimeUnit) -> Int64? {
    switch unit {
    case .rfc3339: nil
    case .seconds: 1_000_000_000
    case .milliseconds: 1_000_000
    case .microseconds: 1_000
    case .nanoseconds: 1
    }
  }
}
