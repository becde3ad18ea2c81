package import Rules

/// What happens to a value that is older than its time to live.
package enum StalePolicy: String, Sendable, Hashable, CaseIterable {
  /// It is given, and marked stale.
  case serve
  /// The default is given in its place.
  case `default`
}

/// One value that can be asked for: a request field, a feature, or what a transform gives.
package struct FeatureSlot: Sendable {
  /// With the view's name before it, where it is of a view.
  package let name: String
  /// `bool`, `int`, `double`, `string` or `timestamp`.
  package let type: RuleType
  /// Whether it can be missing when a request is complete.
  package let isNullable: Bool
  /// The bits of the default; `nil` leaves a missing value missing.
  package var defaultBits: UInt64?
  /// Nanoseconds after which the value is stale; `nil` for never.
  package var ttl: Int64?
  package var onStale: StalePolicy = .serve

  /// The type in a word.
  package var typeName: String { type.rawValue }
  /// Whether a model can take it: everything but text and instants.
  package var isNumber: Bool { type == .double || type == .int || type == .bool }
}

/// What is done with the value of a slot, without its name: trivial to copy.
struct SlotRule: Sendable {
  let type: RuleType
  let hasDefault: Bool
  let defaultBits: UInt64
  /// Nanoseconds; the largest number for never.
  let ttl: Int64
  let servesStale: Bool
  let isInteger: Bool
  let isText: Bool

  init(_ slot: FeatureSlot) {
    type = slot.type
    hasDefault = slot.defaultBits != nil
    defaultBits = slot.defaultBits ?? 0
    ttl = slot.ttl ?? .max
    servesStale = slot.onStale == .serve
    isInteger = slot.type == .int
    isText = slot.type == .string
  }
}
