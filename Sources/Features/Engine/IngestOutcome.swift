/// What became of an event. Only an accepted one changed anything.
package enum IngestOutcome: Sendable, Hashable {
  case accepted
  /// An event with this id was accepted before.
  case duplicate
  /// Nanoseconds behind the newest event of its source, which is more than the lateness.
  case late(behind: Int64)
  /// Nanoseconds ahead of the newest event and of the present, which is more than allowed.
  case future(ahead: Int64)
  /// The event is not of the years 1900 to 2199.
  case timeOutOfRange
  /// A number is not finite, or larger than an aggregate can take; the field.
  case outOfRange(field: Int)
  /// The entity has all the keys it may have; its index.
  case keysFull(entity: Int)
  /// As many ids as the source may remember are of the last moments.
  case idsFull
  /// Attributes hold more different texts than are kept.
  case textsFull
}

/// What happened to the events of one source; each is counted once.
package struct IngestCounts: Sendable, Equatable {
  package var accepted = 0
  package var duplicate = 0
  package var late = 0
  package var future = 0
  /// Refused for a value or for want of room.
  package var refused = 0

  /// Nothing counted.
  package init() {}

  /// Counts one event.
  package mutating func count(_ outcome: IngestOutcome) {
    switch outcome {
    case .accepted: accepted += 1
    case .duplicate: duplicate += 1
    case .late: late += 1
    case .future: future += 1
    case .timeOutOfRange, .outOfRange, .keysFull, .idsFull, .textsFull: refused += 1
    }
  }

  /// All events that were given.
  package var total: Int { accepted + duplicate + late + future + refused }
}
