internal import Rules

/// The members of a record by name: what each is, and how its text becomes a value.
struct MemberTable: Sendable {
  struct Member: Sendable {
    var name: [UInt8]
    var field: Int?
    var isTime = false
    var isID = false
    /// Whether the record is refused without it.
    var isRequired = false
  }

  /// What kind of value was written.
  enum Kind {
    /// Of a format that does not tell texts from numbers.
    case untyped
    case text
    case number
    case bool
  }

  let schema: RecordSchema
  private(set) var members: [Member] = []

  /// - Parameter wanted: which fields are read; the others are passed over. All if `nil`.
  init(schema: RecordSchema, wanted: Set<Int>? = nil) {
    self.schema = schema
    func add(_ name: String, _ change: (inout Member) -> Void) {
      let bytes = Array(name.utf8)
      if let index = members.firstIndex(where: { $0.name == bytes }) {
        change(&members[index])
      } else {
        var member = Member(name: bytes)
        change(&member)
        members.append(member)
      }
    }
    add(schema.timeName) {
      $0.isTime = true
      $0.isRequired = true
    }
    if let name = schema.idName {
      add(name) {
        $0.isID = true
        $0.isRequired = true
      }
    }
    for (index, field) in schema.fields.enumerated() where index != schema.timeField {
      guard wanted?.contains(index) ?? true else { continue }
      add(field.name) {
        $0.field = index
        if !field.isNullable { $0.isRequired = true }
      }
    }
  }

  func name(_ member: Int) -> String { String(decoding: members[member].name, as: UTF8.self) }

  /// The member with this name; `nil` if it is none. Starts to look at `hint`: records tend to
  /// have the same order.
  func find(_ bytes: Span<UInt8>, _ range: Range<Int>, from hint: Int) -> Int? {
    for step in members.indices {
      let sum = hint + step
      let index = sum < members.count ? sum : sum - members.count
      if matches(index, bytes, range) { return index }
    }
    return nil
  }

  private func matches(_ member: Int, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let count = members[member].name.count
    guard count == range.count else { return false }
    for index in 0..<count
    where members[member].name[index] != bytes[range.lowerBound + index] {
      return false
    }
    return true
  }

  /// Puts a value that is no string into the record.
  func assign(
    _ member: Int, _ kind: Kind, _ bytes: Span<UInt8>, _ range: Range<Int>,
    to record: inout EventRecord
  ) throws(ValueProblem) {
    if members[member].isTime {
      let isRightKind =
        kind == .untyped || (kind == .text) == (schema.timeUnit == .rfc3339) && kind != .bool
      guard isRightKind,
        let time = InstantText.nanoseconds(bytes, range, unit: schema.timeUnit)
      else { throw problem(member, bytes, range, InstantText.form(schema.timeUnit)) }
      record.set(time: time)
    }
    guard let field = members[member].field else {
      if members[member].isID, kind == .bool {
        throw problem(member, bytes, range, "expected a string or a number")
      }
      return
    }
    switch schema.fields[field].type {
    case .bool:
      guard kind != .text, let value = Self.bool(bytes, range, kind) else {
        throw problem(member, bytes, range, "expected true or false")
      }
      record.set(field, bool: value)
    case .int:
      guard kind == .untyped || kind == .number, let value = NumberText.integer(bytes, range)
      else { throw problem(member, bytes, range, "expected a whole number of 64 bits") }
      record.set(field, int: value)
    case .double:
      guard kind == .untyped || kind == .number, let value = NumberText.double(bytes, range)
      else { throw problem(member, bytes, range, "expected a finite number") }
      record.set(field, double: value)
    case .timestamp:
      guard kind != .bool,
        let value = InstantText.nanoseconds(bytes, range, unit: schema.timeUnit)
      else { throw problem(member, bytes, range, InstantText.form(schema.timeUnit)) }
      record.set(field, int: value)
    case .string, .duration, .null:
      throw problem(member, bytes, range, "expected a string in quotes")
    }
  }

  /// Whether the value goes into the record as text, so that its bytes have to be kept.
  func keepsText(_ member: Int) -> Bool {
    members[member].isID || members[member].isTime || isString(member)
  }

  func isString(_ member: Int) -> Bool {
    members[member].field.map { schema.fields[$0].type == .string } ?? false
  }

  /// A value that does not fit, in words.
  func problem(
    _ member: Int, _ bytes: Span<UInt8>, _ range: Range<Int>, _ expected: String
  ) -> ValueProblem {
    var found: [UInt8] = []
    for index in range.prefix(40) { found.append(bytes[index]) }
    let text = String(decoding: found, as: UTF8.self)
    return ValueProblem(
      offset: range.lowerBound,
      message: "'\(name(member))' is '\(text)\(range.count > 40 ? "…" : "")': \(expected)")
  }

  private static func bool(_ bytes: Span<UInt8>, _ range: Range<Int>, _ kind: Kind) -> Bool? {
    func equals(_ word: StaticString) -> Bool {
      guard word.utf8CodeUnitCount == range.count else { return false }
      var index = range.lowerBound
      for byte in word.description.utf8 {
        if bytes[index] != byte { return false }
        index += 1
      }
      return true
    }
    if range.count == 1, kind != .bool {
      if bytes[range.lowerBound] == UInt8(ascii: "1") { return true }
      if bytes[range.lowerBound] == UInt8(ascii: "0") { return false }
    }
    if equals("true") || kind == .untyped && equals("True") { return true }
    if equals("false") || kind == .untyped && equals("False") { return false }
    return nil
  }
}
