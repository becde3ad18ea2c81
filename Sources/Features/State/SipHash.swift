/// 128 bits that stand for a text.
package struct Hash128: Sendable, Hashable {
  package var low: UInt64
  package var high: UInt64
}

/// SipHash-2-4 with 128 bits of result, after J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast
/// short-input PRF" (2012).
///
/// With a secret key nobody can make texts that collide; by chance, two of a thousand million do
/// with a probability of 10⁻²¹, so that the hash stands for the text.
package struct SipHash: Sendable {
  private let key: (UInt64, UInt64)
  private var v0: UInt64 = 0
  private var v1: UInt64 = 0
  private var v2: UInt64 = 0
  private var v3: UInt64 = 0
  /// Bytes not yet taken in, from the least significant.
  private var tail: UInt64 = 0
  private var count: UInt64 = 0

  /// A hash under a key of 128 bits.
  package init(_ first: UInt64, _ second: UInt64) {
    key = (first, second)
    reset()
  }

  /// Forgets what was taken in; the key stays.
  package mutating func reset() {
    v0 = key.0 ^ 0x736F_6D65_7073_6575
    v1 = key.1 ^ 0x646F_7261_6E64_6F6D ^ 0xEE
    v2 = key.0 ^ 0x6C79_6765_6E65_7261
    v3 = key.1 ^ 0x7465_6462_7974_6573
    tail = 0
    count = 0
  }

  /// Takes in one byte.
  @inline(__always)
  package mutating func combine(_ byte: UInt8) {
    tail |= UInt64(byte) << ((count & 7) * 8)
    count &+= 1
    if count & 7 == 0 {
      compress(tail)
      tail = 0
    }
  }

  /// Takes in bytes.
  package mutating func combine(_ bytes: Span<UInt8>) {
    var index = 0
    if count & 7 == 0 {
      // Whole words: a span of just these bytes is checked once, and read as one.
      while bytes.count - index >= 8 {
        let span = bytes.extracting(index..<index + 8)
        var word: UInt64 = 0
        for byte in 0..<8 { word |= UInt64(span[byte]) << UInt64(byte * 8) }
        compress(word)
        index += 8
      }
      count &+= UInt64(index)
    }
    while index < bytes.count {
      combine(bytes[index])
      index += 1
    }
  }

  /// The hash of all that was taken in since ``reset()``.
  package func finish() -> Hash128 {
    var state = self
    state.compress(tail | count << 56)
    state.v2 ^= 0xEE
    for _ in 0..<4 { state.round() }
    let low = state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    state.v1 ^= 0xDD
    for _ in 0..<4 { state.round() }
    return Hash128(low: low, high: state.v0 ^ state.v1 ^ state.v2 ^ state.v3)
  }

  /// The hash of one text.
  package func hash(_ bytes: Span<UInt8>) -> Hash128 {
    var state = self
    state.reset()
    state.combine(bytes)
    return state.finish()
  }

  @inline(__always)
  private mutating func compress(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  @inline(__always)
  private mutating func round() {
    v0 &+= v1
    v1 = rotate(v1, 13) ^ v0
    v0 = rotate(v0, 32)
    v2 &+= v3
    v3 = rotate(v3, 16) ^ v2
    v0 &+= v3
    v3 = rotate(v3, 21) ^ v0
    v2 &+= v1
    v1 = rotate(v1, 17) ^ v2
    v2 = rotate(v2, 32)
  }

  @inline(__always)
  private func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    value << count | value >> (64 - count)
  }
}
