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

  init(horizon: Int64, idsMax: Int) {
    self.horizon = max(1_000_000_000, horizon)
    self.idsMax = idsMax
  }

  var count: Int { generations.reduce(0) { $0 + $1.ids.count } }
  var byteCount: Int { generations.reduce(0) { $0 + $1.ids.byteCount } }

  /// Remembers the id of an event that the source is about to accept.
  ///
  /// - Parameter oldest: no event before this instant is accepted from now on.
  mutating func insert(_ id: Hash128, time: Int64, oldest: Int64) -> Outcome {
    let dead = number(of: oldest)
    while let first = generations.first, first.number < dead { generations.removeFirst() }
    for generation in generations where generation.ids.contains(id) { return .duplicate }
    if count >= idsMax {
      guard generations.count > 1, generations[0].number < number(of: time) else { return .full }
      forgotten += generations[0].ids.count
      floor = (generations[0].number + 1) * horizon
      generations.removeFirst()
    }
    generations[open(number(of: time))].ids.insert(id)
    return .new
  }

  /// The place of a generation, made if it is not there.
  private mutating func open(_ number: Int64) -> Int {
    var index = generations.count
    while index > 0, generations[index - 1].number >= number { index -= 1 }
    if index < generations.count, generations[index].number == number { return index }
    generations.insert(Generation(number: number, ids: HashSet()), at: index)
    return index
  }

  private func number(of time: Int64) -> Int64 {
    let quotient = time / horizon
    return time % horizon < 0 ? quotient - 1 : quotient
  }
}

/// A set of hashes: open addressing with linear probing, at most half full.
struct HashSet: Sendable {
  private(set) var table = [Hash128](repeating: Hash128(low: 0, high: 0), count: 64)
  private(set) var count = 0

  var byteCount: Int { table.capacity * 16 }

  func contains(_ hash: Hash128) -> Bool {
    let hash = Self.stored(hash)
    return table[place(of: hash)] == hash
  }

  mutating func insert(_ hash: Hash128) {
    if (count + 1) * 2 > table.count { grow() }
    let hash = Self.stored(hash)
    let place = place(of: hash)
    if table[place] != hash { count += 1 }
    table[place] = hash
  }

  /// Zeros mean an empty place.
  private static func stored(_ hash: Hash128) -> Hash128 {
    hash.low == 0 && hash.high == 0 ? Hash128(low: 1, high: 0) : hash
  }

  private func place(of hash: Hash128) -> Int {
    let mask = table.count - 1
    var place = Int(truncatingIfNeeded: hash.low) & mask
    while table[place].low != 0 || table[place].high != 0, table[place] != hash {
      place = (place + 1) & mask
    }
    return place
  }

  private mutating func grow() {
    let old = table
    table = [Hash128](repeating: Hash128(low: 0, high: 0), count: old.count * 2)
    for hash in old where hash.low != 0 || hash.high != 0 { table[place(of: hash)] = hash }
  }
}
