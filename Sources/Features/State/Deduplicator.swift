/// The ids of the events that a source accepted, for as long as one could come a second time.
///
/// Ids lie in generations by event time, each one horizon long, and go when the last instant of
/// their generation is too late to be accepted. The number of ids is bounded: where a horizon holds
/// more, the oldest generation goes early and ``floor`` rises, below which the source must refuse
/// events as late. So nothing is ever counted twice; what the bound costs is lateness.
struct Deduplicator: Sendable {
  struct Generation: Sendable {
    /// Which horizon since 1970.
    var number: Int64
    var ids: HashSet
  }

  enum Outcome: Sendable, Equatable {
    case new
    case duplicate
    /// The bound is reached by ids of one generation alone.
    case full
  }

  /// Nanoseconds of one generation: at least the lateness of the source.
  let horizon: Int64
  /// The most ids.
  let idsMax: Int
  /// Oldest first; at most three.
  var generations: [Generation] = []
  /// Events before this instant can no longer be told from duplicates.
  var floor = Int64.min
  /// Ids that went before their time.
  var forgotten = 0
  /// Of generations that went: given back a table at a time, since all of one at once would stop
  /// an event for milliseconds.
  private var retired: [HashSet] = []

  init(horizon: Int64, idsMax: Int) {
    self.horizon = max(1_000_000_000, horizon)
    self.idsMax = idsMax
  }

  var count: Int { generations.reduce(0) { $0 + $1.ids.count } }
  var byteCount: Int {
    generations.reduce(0) { $0 + $1.ids.byteCount } + retired.reduce(0) { $0 + $1.byteCount }
  }

  /// Remembers the id of an event that the source is about to accept.
  ///
  /// - Parameter oldest: no event before this instant is accepted from now on.
  mutating func insert(_ id: Hash128, time: Int64, oldest: Int64) -> Outcome {
    let dead = number(of: oldest)
    var first = 0
    while first < generations.count, generations[first].number < dead { first += 1 }
    var known = 0
    for index in first..<generations.count {
      if generations[index].ids.contains(id) { return .duplicate }
      known += generations[index].ids.count
    }
    if known >= idsMax {
      guard generations.count - first > 1, generations[first].number < number(of: time) else {
        return .full
      }
    }
    // Nothing is forgotten for an event that is not accepted: it may be ahead of the source, and
    // what it makes too old is not too old for the others.
    for _ in 0..<first { retire() }
    if known >= idsMax {
      forgotten += generations[0].ids.count
      floor = (generations[0].number + 1) * horizon
      retire()
    }
    dismantle()
    generations[open(number(of: time))].ids.insert(id)
    return .new
  }

  /// Loads what ``insert(_:time:oldest:)`` will look at; a number of no meaning.
  func entry(_ id: Hash128) -> UInt64 {
    var sum: UInt64 = 0
    for index in generations.indices { sum ^= generations[index].ids.entry(id) }
    return sum
  }

  /// Lets the oldest generation go.
  private mutating func retire() {
    retired.append(generations.removeFirst().ids)
    // Where events lie farther apart than a horizon, there is little in each.
    if retired.count > 4 { retired.removeFirst() }
  }

  private mutating func dismantle() {
    guard !retired.isEmpty else { return }
    if !retired[0].dismantle() { retired.removeFirst() }
  }

  /// The place of a generation, made if it is not there.
  private mutating func open(_ number: Int64) -> Int {
    var index = generations.count
    while index > 0, generations[index - 1].number >= number { index -= 1 }
    if index < generations.count, generations[index].number == number { return index }
    generations.insert(Generation(number: number, ids: HashSet(most: idsMax)), at: index)
    return index
  }

  private func number(of time: Int64) -> Int64 {
    let quotient = time / horizon
    return time % horizon < 0 ? quotient - 1 : quotient
  }
}
