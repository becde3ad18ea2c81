internal import Features

/// What became of events or attributes; each is counted once.
public struct Intake: Sendable, Equatable {
  /// Taken in, and durable where the engine has a folder of state.
  public var accepted = 0
  /// An event with this id was accepted before.
  public var duplicate = 0
  /// Further behind the newest event of the source than its lateness.
  public var late = 0
  /// Ahead of the present.
  public var future = 0
  /// Those that were refused: their index in what was given, from 0, and why.
  public var refused: [(index: Int, reason: String)] = []

  init() {}

  public static func == (a: Intake, b: Intake) -> Bool {
    a.accepted == b.accepted && a.duplicate == b.duplicate && a.late == b.late
      && a.future == b.future && a.refused.elementsEqual(b.refused, by: ==)
  }

  mutating func count(_ outcome: IngestOutcome, at index: Int, _ schema: RecordSchema) {
    switch outcome {
    case .accepted: accepted += 1
    case .duplicate: duplicate += 1
    case .late: late += 1
    case .future: future += 1
    case .timeOutOfRange: refuse(index, "the time is not of the years 1900 to 2199")
    case .outOfRange(let field):
      refuse(index, "'\(schema.fields[field].name)' is not finite, or too large to be summed")
    case .keysFull: refuse(index, "the entity has all the keys it may have")
    case .idsFull: refuse(index, "the source remembers as many ids as it may")
    case .textsFull: refuse(index, "attributes hold as many different texts as are kept")
    }
  }

  mutating func refuse(_ index: Int, _ reason: String) { refused.append((index, reason)) }
}
