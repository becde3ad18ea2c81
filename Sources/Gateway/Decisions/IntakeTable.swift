package import Decisions
package import Features

/// A table that records from outside go to: a source of events or a view of attributes; or the
/// requests of a service.
package struct IntakeTable: Sendable {
  /// What its records are.
  package enum Kind: Sendable, Hashable {
    /// Events of a source of the store.
    case events(source: Int)
    /// Attributes of a view of the store.
    case attributes(view: Int)
    /// Requests of a service of the store, which are not kept.
    case requests(service: Int)
  }

  package let name: String
  package let store: FeatureStore
  package let kind: Kind
  package let schema: RecordSchema
  /// The fields that are read; all if `nil`.
  let wanted: Set<Int>?

  /// A source of events.
  package init(_ feed: EventFeed) {
    name = feed.name
    store = feed.store
    kind = .events(source: feed.source)
    schema = feed.schema
    wanted = nil
  }

  /// A view of attributes.
  package init(_ feed: AttributeFeed) {
    name = feed.name
    store = feed.store
    kind = .attributes(view: feed.view)
    schema = feed.schema
    wanted = nil
  }

  /// The requests of a service: without an identity, as nothing is kept of them.
  package init(_ service: FeatureService) {
    name = service.name
    store = service.store
    kind = .requests(service: service.service)
    schema = RecordSchema(
      fields: service.schema.fields, timeName: service.schema.timeName,
      timeUnit: service.schema.timeUnit)
    wanted = service.store.definitions.services[service.service].requestFields
  }

  /// Takes records in; see ``FeatureStore/ingest(_:source:now:into:completion:)``.
  package func take(
    _ records: ArraySlice<EventRecord>, into outcomes: inout [IngestOutcome],
    completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void
  ) throws(StoreFailure) {
    switch kind {
    case .events(let source):
      try store.ingest(
        records, source: source, now: WallClock.now(), into: &outcomes, completion: completion)
    case .attributes(let view):
      try store.update(records, view: view, into: &outcomes, completion: completion)
    case .requests:
      outcomes.removeAll(keepingCapacity: true)
      completion(.success(()))
    }
  }

  /// Why a record was refused; `nil` if it was not.
  package func refusal(_ outcome: IngestOutcome) -> String? {
    switch outcome {
    case .accepted, .duplicate, .late, .future: nil
    case .timeOutOfRange: "'\(schema.timeName)' is not of the years 1900 to 2199"
    case .outOfRange(let field):
      "'\(schema.fields[field].name)' is larger than its aggregates can take"
    case .keysFull(let entity):
      "no room for another key of '\(store.definitions.entities[entity].name)': raise its keys_max"
    case .idsFull: "no room for another id: raise the source's ids_max, or send fewer a second"
    case .textsFull: "the attributes hold more different texts than are kept"
    }
  }
}
