internal import Features
internal import Rules

/// Why a message is no record of its table.
struct RecordMessageProblem: Error {
  var message: String

  init(_ message: String) { self.message = message }
}

extension ValueEntries {
  /// Puts the entries into a record. Those that its table does not declare are passed over, as
  /// they are in JSON.
  ///
  /// - Parameters:
  ///   - wanted: the fields that are read; all if `nil`.
  ///   - time: what the time is if no entry says it.
  func fill(
    _ record: inout EventRecord, _ schema: RecordSchema, wanted: Set<Int>? = nil,
    time: Int64? = nil, _ bytes: Span<UInt8>
  ) throws(RecordMessageProblem) {
    record.clear()
    var hasTime = false
    var hasID = false
    if let time {
      record.set(time: time)
      hasTime = true
    }
    for entry in entries where entry.value != .none {
      let isTime = bytes.matches(entry.name, schema.timeName)
      if isTime {
        record.set(time: try Self.time(entry.value, schema, bytes))
        hasTime = true
      }
      if let name = schema.idName, bytes.matches(entry.name, name) {
        record.set(id: try Self.id(entry.value, name, bytes))
        hasID = true
      }
      guard let field = Self.field(entry.name, schema, bytes), wanted?.contains(field) ?? true
      else { continue }
      // The time is a field itself, and set already.
      if isTime, schema.fields[field].type == .timestamp { continue }
      try Self.set(field, schema, entry.value, bytes, in: &record)
    }
    guard hasTime else { throw RecordMessageProblem("'\(schema.timeName)' is missing") }
    if let name = schema.idName, !hasID { throw RecordMessageProblem("'\(name)' is missing") }
    for (index, field) in schema.fields.enumerated()
    where !field.isNullable && !record.has(index) && wanted?.contains(index) ?? true {
      throw RecordMessageProblem("'\(field.name)' is missing")
    }
  }

  private static func field(
    _ name: FieldSpan, _ schema: RecordSchema, _ bytes: Span<UInt8>
  ) -> Int? {
    for (index, field) in schema.fields.enumerated() where bytes.matches(name, field.name) {
      return index
    }
    return nil
  }

  private static func set(
    _ field: Int, _ schema: RecordSchema, _ value: FieldValue, _ bytes: Span<UInt8>,
    in record: inout EventRecord
  ) throws(RecordMessageProblem) {
    let name = schema.fields[field].name
    switch (schema.fields[field].type, value) {
    case (.bool, .bool(let value)): record.set(field, bool: value)
    case (.int, .int(let value)): record.set(field, int: value)
    case (.double, .double(let value)):
      guard value.isFinite else {
        throw RecordMessageProblem("'\(name)' is \(value); send a finite number")
      }
      record.set(field, double: value)
    case (.double, .int(let value)):
      guard let number = Double(exactly: value) else {
        throw RecordMessageProblem("'\(name)' is \(value), which a double cannot hold")
      }
      record.set(field, double: number)
    case (.string, .text(let span)): record.set(field, string: bytes.text(span))
    case (.timestamp, _): record.set(field, int: try instant(value, name, schema.timeUnit, bytes))
    default:
      throw RecordMessageProblem(
        "'\(name)' is \(value.kind); expected \(wanted(schema.fields[field].type))")
    }
  }

  private static func time(
    _ value: FieldValue, _ schema: RecordSchema, _ bytes: Span<UInt8>
  ) throws(RecordMessageProblem) -> Int64 {
    try instant(value, schema.timeName, schema.timeUnit, bytes)
  }

  /// An instant in nanoseconds since 1970: as it is, as text, or as a number of the table's unit.
  private static func instant(
    _ value: FieldValue, _ name: String, _ unit: TimeUnit, _ bytes: Span<UInt8>
  ) throws(RecordMessageProblem) -> Int64 {
    var instant: Int64?
    switch value {
    case .timestamp(let value): instant = value
    case .text(let span) where unit == .rfc3339: instant = Instant.parse(bytes.text(span))
    case .int(let value) where unit != .rfc3339:
      let (product, overflows) = value.multipliedReportingOverflow(by: length(unit))
      instant = overflows ? nil : product
    default:
      throw RecordMessageProblem(
        "'\(name)' is \(value.kind); expected a timestamp_ns"
          + (unit == .rfc3339 ? ", or a string_value" : ", or an int_value in \(unit.rawValue)"))
    }
    guard let instant, EventInstant.range.contains(instant) else {
      throw RecordMessageProblem("'\(name)' is no instant from 1900 up to 2200")
    }
    return instant
  }

  private static func length(_ unit: TimeUnit) -> Int64 {
    switch unit {
    case .rfc3339, .nanoseconds: 1
    case .microseconds: 1_000
    case .milliseconds: 1_000_000
    case .seconds: 1_000_000_000
    }
  }

  private static func id(
    _ value: FieldValue, _ name: String, _ bytes: Span<UInt8>
  ) throws(RecordMessageProblem) -> String {
    switch value {
    case .text(let span) where !span.isEmpty: return bytes.text(span)
    case .text: throw RecordMessageProblem("'\(name)' is empty: a value is required")
    case .int(let value): return String(value)
    default:
      throw RecordMessageProblem(
        "'\(name)' is \(value.kind); expected a string_value or an int_value")
    }
  }
}
