internal import Rules

/// Where a text lies in the bytes of its record.
struct TextPlace: Sendable {
  var offset: Int32 = 0
  var count: Int32 = 0

  var range: Range<Int> { Int(offset)..<Int(offset) + Int(count) }
}

/// One record of a schema, typed. Reused from record to record: its arrays keep their memory.
package struct EventRecord: Sendable {
  /// Nanoseconds since 1970.
  package internal(set) var time: Int64 = 0
  /// The types of the fields.
  let types: [RuleType]
  private let timeField: Int?
  /// By field: the value's bits (int, double, bool, nanoseconds of a timestamp).
  private(set) var bits: [UInt64]
  /// By field: where its text lies.
  private(set) var places: [TextPlace]
  /// Bit i is set if field i has a value.
  private(set) var present: UInt64 = 0
  /// All texts.
  private(set) var text: [UInt8] = []
  private(set) var idPlace = TextPlace()
  /// The time as it was written, to be written again.
  private(set) var timePlace = TextPlace()

  /// An empty record: every field is missing.
  package init(_ schema: RecordSchema) {
    types = schema.fields.map(\.type)
    timeField = schema.timeField
    bits = [UInt64](repeating: 0, count: types.count)
    places = [TextPlace](repeating: TextPlace(), count: types.count)
  }

  /// Makes every field missing again; keeps the memory.
  package mutating func clear() {
    present = 0
    time = 0
    text.removeAll(keepingCapacity: true)
    idPlace = TextPlace()
    timePlace = TextPlace()
  }

  /// Whether a field has a value.
  package func has(_ field: Int) -> Bool { present >> UInt64(field) & 1 == 1 }

  @inline(__always)
  func isText(_ field: Int) -> Bool {
    if case .string = types[field] { return true }
    return false
  }

  /// Makes one field missing.
  package mutating func remove(_ field: Int) { present &= ~(1 << UInt64(field)) }

  /// Sets the event time, in nanoseconds since 1970.
  package mutating func set(time nanoseconds: Int64) {
    time = nanoseconds
    if let timeField { store(UInt64(bitPattern: nanoseconds), timeField) }
  }

  /// Sets the identity, of any bytes.
  package mutating func set(id: String) { idPlace = append(Array(id.utf8)[...]) }

  /// Sets a field of type bool.
  package mutating func set(_ field: Int, bool value: Bool) { store(value ? 1 : 0, field) }

  /// Sets a field of type int or timestamp (nanoseconds since 1970).
  package mutating func set(_ field: Int, int value: Int64) {
    store(UInt64(bitPattern: value), field)
  }

  /// Sets a field of type double.
  package mutating func set(_ field: Int, double value: Double) { store(value.bitPattern, field) }

  /// Sets a field of type string.
  package mutating func set(_ field: Int, string value: String) {
    places[field] = append(Array(value.utf8)[...])
    present |= 1 << UInt64(field)
  }

  /// Appends a text that is valid UTF-8.
  mutating func append(_ bytes: ArraySlice<UInt8>) -> TextPlace {
    let place = TextPlace(offset: Int32(text.count), count: Int32(bytes.count))
    text.append(contentsOf: bytes)
    return place
  }

  mutating func setText(_ field: Int, _ place: TextPlace) {
    places[field] = place
    present |= 1 << UInt64(field)
  }

  mutating func setID(_ place: TextPlace) { idPlace = place }
  mutating func setTimeText(_ place: TextPlace) { timePlace = place }

  /// The number that aggregates see in a field: of a bool 1 or 0, of a timestamp its seconds.
  func number(_ field: Int) -> Double {
    switch types[field] {
    case .double: Double(bitPattern: bits[field])
    case .bool: bits[field] == 0 ? 0 : 1
    case .timestamp: Double(Int64(bitPattern: bits[field])) / 1e9
    case .int: Double(Int64(bitPattern: bits[field]))
    case .string, .duration, .null: 0
    }
  }

  private mutating func store(_ value: UInt64, _ field: Int) {
    bits[field] = value
    present |= 1 << UInt64(field)
  }
}
