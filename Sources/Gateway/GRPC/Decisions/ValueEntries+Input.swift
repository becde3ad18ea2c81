package import Decisions
internal import Features
internal import Rules

extension ValueEntries {
  /// Problems told at once.
  private static let problemsMax = 16

  /// The entries as the input of a pipeline.
  ///
  /// - Parameter bytes: the message that the entries are ranges of.
  /// - Throws: everything that is wrong with them.
  package func input(
    _ schema: InputSchema, _ bytes: Span<UInt8>
  ) throws(InputProblems) -> DecisionInput {
    var input = DecisionInput(schema)
    var problems: [InputProblem] = []
    var hint = 0
    for entry in entries {
      guard let field = Self.field(entry.name, schema, hint, bytes) else {
        if schema.unknown == .refuse, problems.count < Self.problemsMax {
          let name = String(bytes.text(entry.name).prefix(bytes: 80))
          // To look for the nearest name takes a while: done once a request.
          let fix =
            problems.isEmpty ? NearestName.fix(for: name, among: schema.fields.map(\.name)) : ""
          problems.append(
            InputProblem(field: name, message: fix.isEmpty ? "is no field" : "is no field; \(fix)"))
        }
        continue
      }
      hint = field + 1
      if let message = Self.set(field, schema.fields[field], entry.value, bytes, in: &input),
        problems.count < Self.problemsMax
      {
        problems.append(InputProblem(field: schema.fields[field].name, message: message))
      }
    }
    let found = schema.problems(of: input)
    if problems.isEmpty, found.isEmpty { return input }
    let wrong = Set(problems.map(\.field))
    problems += found.filter { !wrong.contains($0.field) }
    throw InputProblems(Array(problems.prefix(Self.problemsMax)))
  }

  /// The field of a name; looks first behind the one before, as most clients keep an order.
  private static func field(
    _ name: FieldSpan, _ schema: InputSchema, _ hint: Int, _ bytes: Span<UInt8>
  ) -> Int? {
    let count = schema.fields.count
    for step in 0..<count {
      let index = hint + step < count ? hint + step : hint + step - count
      if bytes.matches(name, schema.fields[index].name) { return index }
    }
    return nil
  }

  /// Sets a field; says what is wrong if its value is of another type.
  private static func set(
    _ index: Int, _ field: InputField, _ value: FieldValue, _ bytes: Span<UInt8>,
    in input: inout DecisionInput
  ) -> String? {
    switch (field.type, value) {
    case (_, .none): return nil
    case (.bool, .bool(let value)): input.set(index, bool: value)
    case (.int, .int(let value)): input.set(index, int: value)
    case (.double, .double(let value)): input.set(index, double: value)
    case (.double, .int(let value)):
      guard let number = Double(exactly: value) else {
        return "is an int_value that a double cannot hold; send a double_value"
      }
      input.set(index, double: number)
    case (.string, .text(let span)): input.set(index, string: bytes.text(span))
    case (.timestamp, .timestamp(let value)):
      guard EventInstant.range.contains(value) else { return EventInstant.outOfRange }
      input.set(index, int: value)
    case (.timestamp, .text(let span)):
      guard let instant = Instant.parse(bytes.text(span)) else {
        return "is no instant; write it as 2026-05-01T12:00:00Z, or send a timestamp_ns"
      }
      input.set(index, int: instant)
    default: return "is \(value.kind); expected \(wanted(field.type))"
    }
    return nil
  }

  /// Which value a field of a type takes.
  static func wanted(_ type: RuleType) -> StaticString {
    switch type {
    case .bool: "a bool_value"
    case .int: "an int_value"
    case .double: "a double_value"
    case .string: "a string_value"
    case .timestamp: "a timestamp_ns, or a string_value with an instant"
    case .duration, .null: "nothing"
    }
  }
}

/// The instants that inputs and events may have.
enum EventInstant {
  /// 1900 up to 2200, in nanoseconds since 1970.
  static let range: Range<Int64> = -2_208_988_800_000_000_000..<7_258_118_400_000_000_000
  static let outOfRange = "is no instant from 1900 up to 2200, in nanoseconds since 1970"
}
