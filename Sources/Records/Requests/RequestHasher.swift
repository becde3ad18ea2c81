/// Turns a request's pipeline and id into 64 bits: SipHash-2-4 with a key that each file draws
/// anew, so that nobody can choose ids that meet.
///
/// J.-P. Aumasson, D. J. Bernstein: SipHash, a fast short-input PRF, 2012.
struct RequestHasher: Sendable {
  private let key: (UInt64, UInt64)

  /// A hasher with the first 16 of these bytes as its key; missing ones are zero.
  init(_ bytes: [UInt8]) {
    var words: (UInt64, UInt64) = (0, 0)
    for index in 0..<min(8, bytes.count) { words.0 |= UInt64(bytes[index]) << UInt64(8 * index) }
    for index in 8..<max(8, min(16, bytes.count)) {
      words.1 |= UInt64(bytes[index]) << UInt64(8 * (index - 8))
    }
    key = words
  }

  /// The hash of a request.
  func hash(pipeline: String, requestID: String) -> UInt64 {
    var state = SipState(key)
    state.add(pipeline)
    // No text holds a zero byte: two that meet end to end still differ.
    state.add(byte: 0)
    state.add(requestID)
    return state.finish()
  }
}

/// The four words of SipHash.
private struct SipState {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64
  private var tail: UInt64 = 0
  private var count: UInt64 = 0

  init(_ key: (UInt64, UInt64)) {
    v0 = key.0 ^ 0x736f_6d65_7073_6575
    v1 = key.1 ^ 0x646f_7261_6e64_6f6d
    v2 = key.0 ^ 0x6c79_6765_6e65_7261
    v3 = key.1 ^ 0x7465_6462_7974_6573
  }

  mutating func add(_ text: String) {
    let bytes = text.utf8.span
    for index in bytes.indices { add(byte: bytes[index]) }
  }

  mutating func add(byte: UInt8) {
    tail |= UInt64(byte) << (8 * (count & 7))
    count += 1
    if count & 7 == 0 { flush() }
  }

  mutating func finish() -> UInt64 {
    tail |= count << 56
    flush()
    v2 ^= 0xff
    for _ in 0..<4 { round() }
    return v0 ^ v1 ^ v2 ^ v3
  }

  private mutating func flush() {
    v3 ^= tail
    round()
    round()
    v0 ^= tail
    tail = 0
  }

  private mutating func round() {
    v0 &+= v1
    v1 = (v1 << 13 | v1 >> 51) ^ v0
    v0 = v0 << 32 | v0 >> 32
    v2 &+= v3
    v3 = (v3 << 16 | v3 >> 48) ^ v2
    v0 &+= v3
    v3 = (v3 << 21 | v3 >> 43) ^ v0
    v2 &+= v1
    v1 = (v1 << 17 | v1 >> 47) ^ v2
    v2 = v2 << 32 | v2 >> 32
  }
}
