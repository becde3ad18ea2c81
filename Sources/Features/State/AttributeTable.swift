internal import Rules

/// The last known attributes of the keys of one view: by slot of the entity.
struct AttributeTable: Sendable {
  /// Bytes of all different texts.
  private static let textMax = 256 << 20

  let width: Int
  /// By slot and attribute.
  var bits = PagedArray<UInt64>()
  /// By slot: bit i is set if attribute i has a value.
  var present = PagedArray<UInt64>()
  /// By slot: when the attributes were so; `Int64.min` before the first.
  var times = PagedArray<Int64>()
  private var texts: [TextPlace] = []
  private var textBytes: [UInt8] = []
  private var textIndices: [Hash128: Int] = [:]

  init(width: Int) { self.width = width }

  var byteCount: Int {
    bits.capacity * 8 + present.capacity * 8 + times.capacity * 8 + textBytes.capacity
      + texts.capacity * 8 + textIndices.capacity * 40
  }

  func time(_ key: UInt32) -> Int64 { times[Int(key)] }

  func value(_ key: UInt32, _ attribute: Int) -> UInt64? {
    present[Int(key)] >> UInt64(attribute) & 1 == 1 ? bits[Int(key) * width + attribute] : nil
  }

  /// The text that the bits of an attribute stand for.
  func text(_ bits: UInt64) -> ArraySlice<UInt8> { textBytes[texts[Int(bits)].range] }

  mutating func makeKey(_ key: UInt32) {
    if Int(key) < times.count { return clear(key) }
    for _ in 0..<width { bits.append(0) }
    present.append(0)
    times.append(.min)
  }

  mutating func clear(_ key: UInt32) {
    present[Int(key)] = 0
    times[Int(key)] = .min
  }

  /// Takes the attributes of a key, unless newer ones are known.
  mutating func put(
    _ record: borrowing EventRecord, fields: [Int], key: UInt32, _ hash: SipHash
  ) -> Bool {
    guard record.time >= times[Int(key)] else { return true }
    var taken: UInt64 = 0
    for (attribute, field) in fields.enumerated() where record.has(field) {
      var value = record.bits[field]
      if record.isText(field) {
        guard let index = intern(record.text[record.places[field].range], hash) else {
          return false
        }
        value = UInt64(index)
      }
      bits[Int(key) * width + attribute] = value
      taken |= 1 << UInt64(attribute)
    }
    present[Int(key)] = taken
    times[Int(key)] = record.time
    return true
  }

  /// The index of a text, kept once; `nil` if there is no room.
  mutating func intern(_ text: ArraySlice<UInt8>, _ hash: SipHash) -> Int? {
    let hash = hash.hash(text.span)
    if let index = textIndices[hash] { return index }
    guard textBytes.count + text.count <= Self.textMax else { return nil }
    texts.append(TextPlace(offset: Int32(textBytes.count), count: Int32(text.count)))
    textBytes.append(contentsOf: text)
    textIndices[hash] = texts.count - 1
    return texts.count - 1
  }
}
