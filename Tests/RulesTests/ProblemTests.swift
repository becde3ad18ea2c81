import Testing

@testable import Rules

@Suite struct ProblemTests {
  @Test(arguments: [
    ("tx.amuont > 1.0", "1:1: no field is named 'tx.amuont': did you mean 'tx.amount'?"),
    ("amount > 1.0", "1:1: no field is named 'amount': did you mean 'tx.amount'?"),
    (
      "tx == 1",
      "1:1: no field is named 'tx': it has the fields "
        + "tx.amount, tx.country, tx.is_3ds"
    ),
    (
      "tx.items + 1.0",
      "1:10: '+' has no meaning for int and double: write double(…) around the int"
    ),
    ("tx.amount * 3", "1:11: '*' has no meaning for double and int: write 3.0"),
    (
      "tx.amount % 2.0",
      "1:11: '%' has no meaning for double and double: "
        + "the remainder is of ints; write int(…)"
    ),
    ("tx.country > 5", "1:12: '>' compares a string with an int: both must have one type"),
    (
      "tx.at > '2026-01-01'",
      "1:7: '>' compares a timestamp with a string: "
        + "both must have one type; write timestamp('…')"
    ),
    (
      "f.age < 60",
      "1:7: '<' compares a duration with an int: "
        + "both must have one type; write duration('5s')"
    ),
    ("tx.amount && true", "1:1: '&&' needs a bool, found a double: compare it with something"),
    ("tx.items == null", "1:1: this int is never null: the comparison says nothing"),
    ("f.count_1h < null", "1:12: null has no order: test it with '==', '!=' or has()"),
    (
      "tx.country in 'NG'",
      "1:15: 'in' needs a list in brackets at its right, "
        + "as in ['NG', 'RU']"
    ),
    ("tx.country in [1]", "1:12: a string is never in a list of ints"),
    (
      "tx.items in [1, tx.items]",
      "1:17: the elements of a list must be constant: "
        + "compare with '==' and '||'"
    ),
    ("tx.items in [1e300]", "1:13: 1e+300 equals many ints: write the element as an int"),
    ("true in [true, 1]", "1:16: a list of bools holds an int: the elements must have one type"),
    (
      "true ? 1 : 2.0",
      "1:6: both values of '?:' must have one type, found int and double: "
        + "write 1.0"
    ),
    (
      "tx.country.matches('a')",
      "1:12: matches() is not supported: regular expressions have no "
        + "bound on time here; use startsWith, endsWith, contains or in"
    ),
    ("max(1, 2)", "1:1: max() is not supported: write math.greatest(…)"),
    (
      "startWith(tx.country, 'a')",
      "1:1: no function is named 'startWith': "
        + "did you mean '.startsWith'?"
    ),
    (
      "startsWith(tx.country, 'a')",
      "1:1: no function 'startsWith' is used this way: "
        + "write value.startsWith(…)"
    ),
    (
      "tx.country.startsWith(1)",
      "1:12: .startsWith(string, int) does not exist; "
        + "there is string.startsWith(string)"
    ),
    (
      "int(true)",
      "1:1: int(bool) does not exist; "
        + "there is int(int) or int(double) or int(string) or int(timestamp)"
    ),
    (
      "duration('5')",
      "1:10: '5' is no duration: expected as in '90s', '1h30m' or '250ms', "
        + "within 292 years"
    ),
    ("double(tx.country)", "1:8: double() reads only constant text: declare the field as double"),
    ("has(1)", "1:5: has() takes the name of a field"),
    (
      "tx.country + 'a' == 'b'",
      "1:12: strings join only where both are constant: "
        + "compare the parts one by one"
    ),
    ("1u", "1:1: unsigned integers are not supported: write 1"),
    ("12abc", "1:1: '12abc' is not a number: a number is followed by an operator or a bracket"),
    ("tx.items = 1", "1:10: '=' does not assign: write '=='"),
    ("'abc", "1:1: this string has no end: close it with '"),
    ("'\\q'", "1:2: '\\q' is not an escape: for a backslash write '\\\\', or r'…'"),
    ("'\\x4g'", "1:2: this escape needs 2 hexadecimal digits, '4' was found"),
    ("'\\ud800'", "1:2: U+d800 is not a Unicode character"),
    ("", "1:1: expected a value, found the end of the expression"),
    ("(1", "1:3: expected ')' to close the '(' before, found the end of the expression"),
    ("1 2", "1:3: expected an operator or the end, found the number 2"),
    (
      "true ? 1",
      "1:9: expected ':' and the value when the condition is false, "
        + "found the end of the expression"
    ),
    ("if == 1", "1:1: 'if' is a reserved word: expected a value"),
    (
      "9223372036854775808",
      "1:1: 9223372036854775808 does not fit into an int (64 bits): "
        + "write it as a double, with '.0'"
    ),
    ("tx.country[0]", "1:11: indexing is not supported: every value is a field of the schema"),
    ("[1]", "1:1: a list stands only at the right of 'in' and in size()"),
  ])
  func `a problem names the place, what was found and what to do`(
    expression: String, expected: String
  ) throws {
    #expect(try CardSchema.problems(expression) == expected)
  }

  @Test func `every error of types is reported, in the order of the text`() throws {
    let text = """
      tx.amuont > 1.0 &&
        tx.country > 5 ||
        é
      """
    #expect(try CardSchema.problems(text).contains("'é' has no meaning outside a string"))
    let second = "tx.amuont > 1.0 &&\n  tx.country > 5 ||\n'é' == 'é' && tx.itmes < 'a'.size()"
    #expect(
      try CardSchema.problems(second) == """
        1:1: no field is named 'tx.amuont': did you mean 'tx.amount'?
        2:14: '>' compares a string with an int: both must have one type
        3:15: no field is named 'tx.itmes': did you mean 'tx.items'?
        """)
  }

  @Test func `the type that the caller expects is checked`() throws {
    #expect(
      try CardSchema.problems("tx.items", expecting: .bool)
        == "1:1: expected a bool, found an int: compare it with something")
    #expect(
      try CardSchema.problems("tx.items + 1", expecting: .double)
        == "1:10: expected a double, found an int: write double(…)")
    #expect(try CardSchema.problems("tx.items > 1", expecting: .bool) == "")
  }

  @Test func `columns count characters, not bytes`() throws {
    #expect(try CardSchema.problems("'é😀' == x").hasPrefix("1:9: no field is named 'x'"))
  }

  @Test func `a schema refuses names that rules cannot write`() throws {
    let error = #expect(throws: RuleSchemaError.self) {
      try RuleSchema([
        RuleField("a b", .int), RuleField("", .int), RuleField("1a", .int),
        RuleField("x.in", .int), RuleField("if.x", .int), RuleField("math.x", .int),
        RuleField("tx", .int), RuleField("tx.amount", .int), RuleField("y", .null),
        RuleField("z", .int), RuleField("z", .bool), RuleField("a..b", .int),
      ])
    }
    let text = error?.description ?? ""
    for part in [
      "'a b'", "field ''", "'1a'", "'in' is a reserved", "'if' is a reserved",
      "'math' is a reserved", "'tx' is also the beginning of 'tx.amount'", "type null",
      "'z' is declared twice", "'a..b'",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(try RuleSchema([RuleField("tx.if", .int)]).index(of: "tx.if") == 0)
  }
}
