private import Crypto

/// The head of a chain of records: each hash covers its record and the hash before it.
///
/// `h(i) = SHA-256(h(i-1) ‖ canonical bytes of record i)`, and `h(0)` is 32 random bytes, made with
/// the file. A record that is altered, removed, inserted or moved breaks every later hash.
struct HashChain: Sendable, Equatable {
  static let hashByteCount = 32

  /// The place of the newest record; the first record's is 1.
  var sequence: Int64
  /// The newest record's hash.
  var hash: [UInt8]

  /// The place and hash of `record` if it is the next. `scratch` is only there to be reused.
  func next(_ record: DecisionRecord, scratch: inout [UInt8]) -> HashChain {
    scratch.removeAll(keepingCapacity: true)
    scratch.append(contentsOf: hash)
    record.appendCanonicalBytes(sequence: sequence + 1, to: &scratch)
    return HashChain(sequence: sequence + 1, hash: Array(SHA256.hash(data: scratch)))
  }

  /// A start that no other file has.
  static func start() -> HashChain {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<hashByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    return HashChain(sequence: 0, hash: bytes)
  }
}

extension DecisionRecord {
  /// The form that is hashed. Integers are big-endian; a text is its length in four bytes and its
  /// UTF-8. docs/records.md has the same, for those who check a file with a program of their own.
  func appendCanonicalBytes(sequence: Int64, to bytes: inout [UInt8]) {
    Self.append(UInt64(bitPattern: sequence), 8, to: &bytes)
    Self.append(UInt64(bitPattern: decidedAt), 8, to: &bytes)
    bytes.append(isDegraded ? 1 : 0)
    bytes.append(requestID == nil ? 0 : 1)
    Self.append(id, to: &bytes)
    Self.append(requestID ?? "", to: &bytes)
    Self.append(pipeline, to: &bytes)
    Self.append(pipelineDigest, to: &bytes)
    Self.append(outcome, to: &bytes)
    Self.append(UInt64(body.count), 4, to: &bytes)
    bytes.append(contentsOf: body)
    Self.append(UInt64(context?.digest.count ?? 0), 4, to: &bytes)
    if let context { bytes.append(contentsOf: context.digest) }
  }

  private static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
    for index in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
    }
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    append(UInt64(text.utf8.count), 4, to: &bytes)
    bytes.append(contentsOf: text.utf8)
  }
}

extension [UInt8] {
  /// Lower-case hexadecimal.
  package var hexadecimal: String {
    let digits = [UInt8]("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(count * 2)
    for byte in self {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
