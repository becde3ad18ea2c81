/// One entry of the log, little-endian:
/// `[length u32][crc32 u32][sequence u64][durable u64][payload]`.
///
/// The length counts what follows the sequence; the checksum covers all after itself. `durable` is
/// the last sequence that was safe on the disk when the frame was written: it tells frames that a
/// crash tore (no later frame knows them as durable) from frames that were damaged afterwards.
struct LogFrame {
  static let headerBytes = 24
  /// Bytes of the largest payload.
  static let payloadMax = 256 << 20

  var sequence: UInt64
  var durable: UInt64
  /// Where the payload lies.
  var payload: Range<Int>

  /// The frame at `offset`; `nil` if there is no whole and sound one.
  init?(_ bytes: [UInt8], at offset: Int) {
    guard bytes.count - offset >= Self.headerBytes else { return nil }
    let length = Int(Self.load(bytes, offset, 4))
    guard length >= 8, length <= Self.payloadMax + 8, bytes.count - offset - 16 >= length else {
      return nil
    }
    let end = offset + 16 + length
    guard Self.load(bytes, offset + 4, 4) == UInt64(Checksum.crc32(bytes[offset + 8..<end])) else {
      return nil
    }
    sequence = Self.load(bytes, offset + 8, 8)
    durable = Self.load(bytes, offset + 16, 8)
    payload = offset + Self.headerBytes..<end
  }

  /// Appends a frame.
  static func append(
    _ payload: [UInt8], sequence: UInt64, durable: UInt64, to bytes: inout [UInt8]
  ) {
    let start = bytes.count
    bytes.store(UInt32(payload.count + 8))
    bytes.store(UInt32(0))
    bytes.store(sequence)
    bytes.store(durable)
    bytes.append(contentsOf: payload)
    bytes.replace(Checksum.crc32(bytes[(start + 8)...]), at: start + 4)
  }

  /// Whether a frame after `offset` knows `sequence` as durable.
  static func isKnownDurable(_ sequence: UInt64, _ bytes: [UInt8], after offset: Int) -> Bool {
    var place = offset + 1
    while place + headerBytes <= bytes.count {
      // The number alone leaves next to nothing to check.
      let found = load(bytes, place + 8, 8)
      if found > sequence, found - sequence <= UInt64(bytes.count),
        let frame = LogFrame(bytes, at: place)
      {
        if frame.durable >= sequence { return true }
        place = frame.payload.upperBound
      } else {
        place += 1
      }
    }
    return false
  }

  private static func load(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(index * 8) }
    return value
  }
}
