internal import Rules
internal import Windowing

/// The state of all feature views, and the answers from it.
///
/// Events and attributes go in, vectors come out; the same code serves online and writes training
/// sets. A value without clock, lock or file, confined to one thread at a time. The answers depend
/// on the accepted events alone, not on the order in which they came. In steady state nothing is
/// allocated for an event or a vector.
package struct FeatureEngine: Sendable {
  package let definitions: FeatureDefinitions
  var sources: [SourceState]
  var entities: [EntityState]
  /// By view: where its parts lie in the arrays below.
  var views: [ViewPlaces] = []
  /// Of all views: a definition taken out of its array is a copy, and counts references.
  var derived: [DerivedFeature] = []
  var tables: [WindowTable] = []
  /// What the last read of a table gave.
  var answers: [AggregateValues] = []
  var attributes: [AttributeTable] = []
  /// Rows of the views' filters.
  var filterRows: [RuleRow] = []
  /// By view: the row of aggregates that an event is to it.
  var eventRows: [EventRow] = []
  var slots: SlotValues
  /// The text at hand of a transform.
  var scratch: [UInt8] = []
  /// By slot.
  let rules: [SlotRule]
  /// By view: its windows, if it has any.
  let windows: [WindowedView?]
  /// By service: the entities of its views.
  let serviceEntities: [[Int]]
  /// By expression: its row.
  var rows: [RuleRow]
  /// What is known of the next events of a source.
  var ahead = EventsAhead()
  /// Where the search for old keys goes on.
  var sweep = SweepPlace()
  /// Under a key of its own, so that nobody can make ids or keys that collide.
  var hash: SipHash

  struct SourceState: Sendable {
    var clock: SourceClock
    var ids: Deduplicator
    var counts = IngestCounts()
    /// The views that read the source.
    var views: [Int] = []
    /// The entities of those views: one of the views, for the fields of the key.
    var keys: [(entity: Int, fields: [Int])] = []
    /// The largest magnitude that a field may have.
    var limits: [(field: Int, most: Double)] = []
    /// Whether a view asks which of two events at one instant is the later one.
    var needsOrder = false
  }

  struct EntityState: Sendable {
    var directory: KeyDirectory
    /// The views of the entity: all have the same slots.
    var views: [Int] = []
    /// The key of the event or request at hand.
    var hash = Hash128(low: 0, high: 0)
    var slot: UInt32?
    var hasKey = false
  }

  /// Parts lie in arrays of their own: a part of an optional would be copied to be used.
  struct ViewPlaces: Sendable {
    var entity = 0
    /// The slots of its features.
    var firstSlot = 0
    var slotCount = 0
    /// Of ``derived``: what is computed from them.
    var derived = 0..<0
    /// An index of ``tables`` and ``answers``; −1 without.
    var table = -1
    /// An index of ``attributes``; −1 without.
    var attributes = -1
    /// Of ``filterRows``: the first of the features' filters, then that of the view.
    var filters = 0
    /// Filters that had no answer for an event, which then did not count.
    var filterFailures = 0
  }

  struct SweepPlace: Sendable {
    var entity = 0
    var slot: UInt32 = 0
  }

  /// An engine that has seen nothing.
  ///
  /// - Parameter seed: 128 secret bits; answers do not depend on them.
  package init(_ definitions: FeatureDefinitions, seed: (UInt64, UInt64)) {
    self.definitions = definitions
    hash = SipHash(seed.0, seed.1)
    slots = SlotValues(count: definitions.slots.count)
    rules = definitions.slots.map { SlotRule($0) }
    serviceEntities = definitions.services.map { service in
      Set(service.views.map { definitions.views[$0].entity }).sorted()
    }
    windows = definitions.views.map(\.windows)
    rows = definitions.expressions.map(\.row)
    sources = definitions.sources.map {
      SourceState(
        clock: SourceClock(lateness: $0.lateness, future: $0.future),
        ids: Deduplicator(horizon: $0.lateness, idsMax: $0.idsMax))
    }
    entities = definitions.entities.map {
      EntityState(directory: KeyDirectory(keysMax: $0.keysMax))
    }
    eventRows = definitions.views.map { _ in EventRow(values: 0) }
    for (index, view) in definitions.views.enumerated() { add(view, index) }
  }

  private mutating func add(_ view: ViewDefinition, _ index: Int) {
    entities[view.entity].views.append(index)
    var places = ViewPlaces()
    places.entity = view.entity
    places.firstSlot = view.firstSlot
    places.slotCount = view.slotCount
    places.derived = derived.count..<derived.count + view.derived.count
    derived += view.derived
    switch view.kind {
    case .attributes(let kind):
      places.attributes = attributes.count
      attributes.append(AttributeTable(width: kind.fields.count))
    case .windows(let kind):
      places.table = tables.count
      tables.append(WindowTable(plan: kind.plan))
      answers.append(AggregateValues(plan: kind.plan))
      eventRows[index] = EventRow(
        values: kind.valueFields.count, hashes: kind.hashFields.count)
      places.filters = filterRows.count
      filterRows += kind.filters.map(\.row)
      if let filter = kind.filter { filterRows.append(filter.row) }
      sources[kind.source].views.append(index)
      if !sources[kind.source].keys.contains(where: { $0.entity == view.entity }) {
        sources[kind.source].keys.append((view.entity, kind.keyFields))
      }
      addLimits(kind)
    }
    views.append(places)
  }

  private mutating func addLimits(_ view: WindowedView) {
    for output in view.plan.outputs where output.aggregate.readsValue {
      if output.aggregate == .first || output.aggregate == .last {
        sources[view.source].needsOrder = true
      }
      let field = view.valueFields[output.input ?? 0]
      let most = output.aggregate.magnitudeMax
      if let known = sources[view.source].limits.firstIndex(where: { $0.field == field }) {
        let least = min(sources[view.source].limits[known].most, most)
        sources[view.source].limits[known].most = least
      } else {
        sources[view.source].limits.append((field, most))
      }
    }
  }

  /// What became of the events of a source.
  package func counts(source: Int) -> IngestCounts { sources[source].counts }

  /// Events that a filter of a view had no answer for; they did not count there.
  package func filterFailures(view: Int) -> Int { views[view].filterFailures }

  /// Ids forgotten before their time, for want of room; events as old were refused as late.
  package func forgottenIDs(source: Int) -> Int { sources[source].ids.forgotten }

  /// Keys of an entity.
  package func keyCount(entity: Int) -> Int { entities[entity].directory.count }

  /// The newest event time of a source, nanoseconds since 1970; `nil` before the first event.
  package func newest(source: Int) -> Int64? { sources[source].clock.newest }

  /// Bytes of state held, about.
  package var byteCount: Int {
    entities.reduce(0) { $0 + $1.directory.byteCount }
      + sources.reduce(0) { $0 + $1.ids.byteCount }
      + tables.reduce(0) { $0 + $1.byteCount }
      + attributes.reduce(0) { $0 + $1.byteCount }
  }
}
