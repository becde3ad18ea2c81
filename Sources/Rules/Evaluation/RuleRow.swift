/// The values that rules read: one row of a schema, filled, evaluated and cleared again and again
/// without allocating once its strings have found their size.
///
/// A value type; one thread fills and evaluates it at a time.
package struct RuleRow: Sendable {
  let fingerprint: UInt64
  private let types: [RuleType]
  /// One slot a field: the value's bits, or the place of a string.
  private(set) var values: [UInt64]
  /// One bit a field.
  private(set) var present: [UInt64]
  /// The bytes of the strings, in the order they were set.
  private(set) var bytes: [UInt8]

  /// An empty row: every field is missing. Room for `stringBytes` bytes is taken at once.
  package init(_ schema: RuleSchema, stringBytes: Int = 256) {
    fingerprint = schema.fingerprint
    types = schema.fields.map(\.type)
    values = [UInt64](repeating: 0, count: types.count)
    present = [UInt64](repeating: 0, count: (types.count + 63) / 64)
    bytes = []
    bytes.reserveCapacity(min(stringBytes, RuleLimits.rowStringBytes))
  }

  /// Makes every field missing again; keeps the memory.
  package mutating func clear() {
    for index in present.indices { present[index] = 0 }
    bytes.removeAll(keepingCapacity: true)
  }

  /// Makes one field missing.
  package mutating func remove(_ field: Int) {
    present[field >> 6] &= ~(1 << UInt64(field & 63))
  }

  /// Whether the field has a value.
  package func has(_ field: Int) -> Bool {
    present[field >> 6] >> UInt64(field & 63) & 1 == 1
  }

  /// Sets a field of type bool.
  package mutating func set(_ field: Int, bool value: Bool) {
    store(value ? 1 : 0, field, .bool)
  }

  /// Sets a field of type int.
  package mutating func set(_ field: Int, int value: Int64) {
    store(UInt64(bitPattern: value), field, .int)
  }

  /// Sets a field of type double.
  package mutating func set(_ field: Int, double value: Double) {
    store(value.bitPattern, field, .double)
  }

  /// Sets a field of type duration, in nanoseconds.
  package mutating func set(_ field: Int, duration nanoseconds: Int64) {
    store(UInt64(bitPattern: nanoseconds), field, .duration)
  }

  /// Sets a field of type timestamp, in nanoseconds since 1970-01-01T00:00:00Z.
  package mutating func set(_ field: Int, timestamp nanoseconds: Int64) {
    store(UInt64(bitPattern: nanoseconds), field, .timestamp)
  }

  /// Sets a field of type string to valid UTF-8, which is copied.
  ///
  /// - Throws: if the strings of the row would exceed ``RuleLimits/rowStringBytes``; the field is
  ///   then missing. Strings that were replaced count until ``clear()``.
  package mutating func set(_ field: Int, string utf8: Span<UInt8>) throws(RuleRowError) {
    let start = try reserve(utf8.count, field)
    for index in utf8.indices { bytes.append(utf8[index]) }
    storeText(field, start)
  }

  /// Sets a field of type string; the text is copied.
  ///
  /// - Throws: if the strings of the row would exceed ``RuleLimits/rowStringBytes``; the field is
  ///   then missing. Strings that were replaced count until ``clear()``.
  package mutating func set(_ field: Int, string text: String) throws(RuleRowError) {
    let start = try reserve(text.utf8.count, field)
    bytes.append(contentsOf: text.utf8)
    storeText(field, start)
  }

  private mutating func reserve(_ count: Int, _ field: Int) throws(RuleRowError) -> Int {
    guard bytes.count + count <= RuleLimits.rowStringBytes else {
      remove(field)
      throw RuleRowError(field: field, bytes: bytes.count + count)
    }
    return bytes.count
  }

  private mutating func storeText(_ field: Int, _ start: Int) {
    let place = TextPlace(offset: start, count: bytes.count - start, isConstant: false)
    store(place.bits, field, .string)
  }

  private mutating func store(_ bits: UInt64, _ field: Int, _ type: RuleType) {
    precondition(types[field] == type, "the schema gives this field another type")
    values[field] = bits
    present[field >> 6] |= 1 << UInt64(field & 63)
  }
}

/// A row whose strings take more than their bound.
package struct RuleRowError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The index of the field that was to be set.
  package let field: Int
  /// The bytes that the strings would take.
  package let bytes: Int

  /// What happened and the bound.
  package var description: String {
    "field \(field): the strings of the row would take \(bytes) bytes; "
      + "the most is \(RuleLimits.rowStringBytes)"
  }
}
