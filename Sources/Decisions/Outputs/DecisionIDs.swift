/// Makes ids of decisions: 26 characters in the form of a ULID, ascending with time within one
/// maker, and unlike those of every other.
struct DecisionIDs {
  /// Crockford's base 32.
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

  private var random: UInt128
  private var last: Int64 = 0

  /// - Parameter seed: 80 bits of it set this maker apart from others.
  init(seed: UInt128) { random = seed & Self.mask }

  private static var mask: UInt128 { (1 << 80) - 1 }

  /// The next id, for a decision at `nanoseconds` since 1970.
  mutating func next(at nanoseconds: Int64) -> String {
    // A clock that goes back must not make ids go back.
    last = max(last, nanoseconds / 1_000_000)
    random = (random &+ 0x1_0000_0001) & Self.mask
    var rest = UInt128(UInt64(max(0, last)) & (1 << 48 - 1)) << 80 | random
    var text = [UInt8](repeating: 0, count: 26)
    for place in (0..<26).reversed() {
      text[place] = Self.alphabet[Int(rest & 31)]
      rest >>= 5
    }
    return String(decoding: text, as: UTF8.self)
  }
}
