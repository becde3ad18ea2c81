import Testing

@testable import Rules

@Suite struct EvaluationTests {
  @Test func `a failure says where, why and which field`() throws {
    let schema = try CardSchema.make()
    let expression = try CompiledExpression("1 < 2 &&\n  tx.items % 2 == 0", schema: schema)
    let row = RuleRow(schema)
    guard case .failure(let failure) = expression.evaluate(row) else {
      Issue.record("a missing field was read")
      return
    }
    #expect(failure == RuleFailure(reason: .missingField, offset: 11, field: 3))
    #expect(
      expression.describe(failure, schema: schema) == "2:3: the field is missing ('tx.items')")
  }

  @Test func `the first failure of a conjunction is the one reported`() throws {
    let schema = try CardSchema.make()
    let expression = try CompiledExpression(
      "1 / tx.items == 1 && 1 % tx.items == 1", schema: schema)
    var row = RuleRow(schema)
    row.set(3, int: 0)
    #expect(
      expression.evaluate(row)
        == .failure(RuleFailure(reason: .divisionByZero, offset: 2, field: nil)))
  }

  @Test func `constants are folded and decide what they can`() throws {
    let schema = try CardSchema.make()
    let folded = [
      "1 + 2 * 3": 1, "'a' < 'b' && 2 in [1, 2]": 1, "tx.is_3ds && 1 > 2": 1,
      "tx.amount > 1 || true": 1, "1 < 2 ? tx.items : 0": 1, "tx.amount > 2 * 110": 1,
      "math.abs(-3) + size('abc')": 1, "duration('1h') + duration('1m') > duration('1s')": 1,
    ]
    for (text, count) in folded {
      let program = try CompiledExpression(text, schema: schema).program
      #expect(program.instructions.count == count, "\(text)")
    }
    // What fails is left for the rows that reach it.
    #expect(try CompiledExpression("1 / 0", schema: schema).program.instructions.count == 3)
  }

  @Test func `a row can be changed field by field`() throws {
    let schema = try CardSchema.make()
    let country = try CompiledExpression("tx.country", schema: schema)
    var row = RuleRow(schema)
    try row.set(1, string: "NG")
    try row.set(1, string: "RUS")
    guard case .string(let text) = country.evaluate(row) else {
      Issue.record("no string")
      return
    }
    #expect(country.text(text, in: row) == "RUS")
    let bytes: [UInt8] = Array("été".utf8)
    try row.set(1, string: bytes.span)
    let size = try CompiledExpression("size(tx.country)", schema: schema)
    #expect(size.evaluate(row) == .int(3))
    row.remove(1)
    #expect(!row.has(1))
    row.set(0, double: 1)
    row.clear()
    #expect(!row.has(0))
  }

  @Test func `more fields than one word of presence are told apart`() throws {
    let schema = try RuleSchema((0..<150).map { RuleField("f\($0)", .int, isNullable: true) })
    var row = RuleRow(schema)
    for field in stride(from: 0, to: 150, by: 7) { row.set(field, int: Int64(field)) }
    for field in 0..<150 {
      let expression = try CompiledExpression("has(f\(field)) ? f\(field) : -1", schema: schema)
      #expect(expression.evaluate(row) == .int(field % 7 == 0 ? Int64(field) : -1))
    }
  }

  @Test func `an explanation gives the value of each part`() throws {
    let schema = try CardSchema.make()
    var row = RuleRow(schema)
    row.set(0, double: 510.5)
    try row.set(1, string: "NG")
    let text = "tx.amount > 220.0 && (f.count_1h >= 5 || tx.country in ['NG'])"
    let parts = try RuleExplanation(text, schema: schema, row: row).parts
    let lines = parts.map { "\($0.depth) \($0.text) = \($0.value)" }
    #expect(
      lines == [
        "0 \(text) = true",
        "1 tx.amount > 220.0 = true",
        "2 tx.amount = 510.5",
        "1 f.count_1h >= 5 || tx.country in ['NG'] = true",
        "2 f.count_1h >= 5 = fails at 1:34: null where a value is needed ('f.count_1h')",
        "3 f.count_1h = null",
        "2 tx.country in ['NG'] = true",
        "3 tx.country = 'NG'",
      ])
  }

  @Test func `durations and timestamps are written as they are read`() throws {
    for text in ["90s", "0s", "-1.5s", "0.000000001s", "9223372036.854775807s"] {
      let value = try #require(TimeText.duration(text))
      #expect(TimeText.text(duration: value) == text)
    }
    for text in [
      "1970-01-01T00:00:00Z", "2024-02-29T23:59:59.5Z", "1969-12-31T23:59:59.999999999Z",
      "1678-01-01T00:00:00Z", "2261-12-31T23:59:59Z",
    ] {
      let value = try #require(TimeText.timestamp(text))
      #expect(TimeText.text(timestamp: value) == text)
    }
    for text in [
      "", "-", "1", "1h1", "9223372036855s", ".s", "1.s.", "1 s", "1e3s", "99999999999999999999s",
    ] {
      #expect(TimeText.duration(text) == nil, "\(text)")
    }
    for text in [
      "1677-12-31T00:00:00Z", "2262-01-01T00:00:00Z", "2024-13-01T00:00:00Z",
      "2023-02-29T00:00:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00.Z",
      "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00Zz",
    ] {
      #expect(TimeText.timestamp(text) == nil, "\(text)")
    }
  }

  @Test func `calendar dates and days agree over four hundred years`() {
    var previous = CivilDate(daysSince1970: -80_001)
    var wrong: [Int64] = []
    for days in Int64(-80_000)...80_000 {
      let date = CivilDate(daysSince1970: days)
      let follows =
        date.day == previous.day + 1 && date.month == previous.month
        || date.day == 1 && (date.month == previous.month + 1 || date.month == 1)
      if date.daysSince1970 != days || !follows { wrong.append(days) }
      previous = date
    }
    #expect(wrong.isEmpty)
  }
}
