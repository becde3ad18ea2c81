import Testing

@testable import Rules

@Suite struct CaseFileTests {
  @Test func `every case of the shared file gives what it says`() throws {
    let file = try CaseFile.load()
    let schema = try file.schema()
    #expect(file.cases.count > 500)
    for example in file.cases {
      let row = try file.row(example.row ?? "none", schema: schema)
      let found = outcome(of: example.expression, row: row, schema: schema)
      let expected: String
      if let error = example.error {
        expected = error
      } else {
        let value = try #require(example.value?.first, "\(example.expression) expects nothing")
        expected = spelled(kind: value.key, value.value)
      }
      #expect(found == expected, "\(example.expression) on the row \(example.row ?? "none")")
    }
  }

  @Test func `a case that differs from CEL says why`() throws {
    for example in try CaseFile.load().cases {
      #expect((example.cel == nil) == (example.why == nil), "\(example.expression)")
    }
  }

  private func outcome(of expression: String, row: RuleRow, schema: RuleSchema) -> String {
    do {
      let compiled = try CompiledExpression(expression, schema: schema)
      return switch compiled.evaluate(row) {
      case .bool(let value): "bool \(value)"
      case .int(let value): "int \(value)"
      case .double(let value): "double \(value.isNaN ? "nan" : "\(value)")"
      case .string(let place): "string \(compiled.text(place, in: row))"
      case .duration(let value): "duration \(value)"
      case .timestamp(let value): "timestamp \(value)"
      case .null: "null true"
      case .failure(let failure): "\(failure.reason)"
      }
    } catch {
      return "compile"
    }
  }

  private func spelled(kind: String, _ value: CaseFile.Scalar) -> String {
    switch value {
    case .bool(let value): return "\(kind) \(value)"
    case .text(let text):
      guard kind == "double", let value = Double(text) else { return "\(kind) \(text)" }
      return "double \(value.isNaN ? "nan" : "\(value)")"
    }
  }
}
