internal import Windowing

/// One feature view: what is kept for each key of an entity.
package struct ViewDefinition: Sendable {
  package let name: String
  /// An index of ``FeatureDefinitions/entities``.
  package let entity: Int
  let kind: Kind
  /// The slots of its features: aggregates or attributes, in order.
  let firstSlot: Int
  let slotCount: Int
  /// What is computed from the features, in order; their slots follow those of the features.
  var derived: [DerivedFeature] = []

  /// The windows; `nil` for attributes.
  var windows: WindowedView? {
    if case .windows(let view) = kind { return view }
    return nil
  }

  enum Kind: Sendable {
    case windows(WindowedView)
    case attributes(AttributeView)
  }
}

/// Aggregates over the events of a source. Immutable, and a class so that using it counts one
/// reference and not ten.
final class WindowedView: Sendable {
  let source: Int
  let plan: AggregatePlan
  /// Which events it takes at all.
  let filter: SlotExpression?
  /// The filters of single features, by filter of the plan.
  let filters: [SlotExpression]
  /// By value of the plan: the field of the source.
  let valueFields: [Int]
  /// By hash of the plan: the field of the source.
  let hashFields: [Int]
  /// The fields of the source that make the key.
  let keyFields: [Int]
  /// By output of the plan: its window.
  let outputWindows: [Int]

  init(
    source: Int, plan: AggregatePlan, filter: SlotExpression?, filters: [SlotExpression],
    valueFields: [Int], hashFields: [Int], keyFields: [Int]
  ) {
    self.source = source
    self.plan = plan
    self.filter = filter
    self.filters = filters
    self.valueFields = valueFields
    self.hashFields = hashFields
    self.keyFields = keyFields
    outputWindows = plan.outputs.map(\.window)
  }
}

/// The last known values of a key, from a file of profiles.
final class AttributeView: Sendable {
  let schema: RecordSchema
  /// As the feature file names it.
  let file: String
  let keyFields: [Int]
  /// By attribute: the field of the schema.
  let fields: [Int]

  init(schema: RecordSchema, file: String, keyFields: [Int], fields: [Int]) {
    self.schema = schema
    self.file = file
    self.keyFields = keyFields
    self.fields = fields
  }
}

/// A feature computed from other features of its view.
struct DerivedFeature: Sendable {
  let slot: Int
  /// An index of ``FeatureDefinitions/expressions``.
  let expression: Int
}
