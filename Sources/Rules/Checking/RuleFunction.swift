/// One overload of a function; a method's name starts with a dot and its target comes first.
struct RuleFunction {
  enum Kind {
    case instruction(Operation)
    /// Computed while compiling, from constant text; `nil` is malformed.
    case constant(@Sendable (String) -> RuleConstant?)
    case contains
  }

  let name: String
  let parameters: [RuleType]
  let result: RuleType
  let kind: Kind
  /// How the constant text must look.
  var form = ""

  var signature: String {
    let types = parameters.map(\.rawValue)
    return name.hasPrefix(".")
      ? "\(types[0])\(name)(\(types.dropFirst().joined(separator: ", ")))"
      : "\(name)(\(types.joined(separator: ", ")))"
  }

  static func named(_ name: String) -> [RuleFunction] { all.filter { $0.name == name } }

  /// What to say of a function that does not exist.
  static func unknown(_ name: String) -> String {
    let plain = name.hasPrefix(".") ? String(name.dropFirst()) : name
    if let reason = unsupported[plain] { return "\(plain)() is not supported: \(reason)" }
    if plain == "has" { return "has() is not a method: write has(field)" }
    let others = Set(all.map(\.name)).union(["math.greatest", "math.least", "has"])
    if let same = others.first(where: { $0 != name && ($0 == "." + plain || $0 == plain) }) {
      let way = same.hasPrefix(".") ? "value\(same)(…)" : "\(same)(value)"
      return "no function '\(plain)' is used this way: write \(way)"
    }
    let near = NearestName.nearest(to: name, among: others.sorted())
    return "no function is named '\(plain)'" + (near.map { ": did you mean '\($0)'?" } ?? "")
  }

  private static let unsupported: [String: String] = [
    "matches": "regular expressions have no bound on time here; use startsWith, endsWith, "
      + "contains or in",
    "string": "a new string would be allocated for each evaluation",
    "uint": "there are no unsigned integers; write int(…)",
    "bytes": "there are no bytes; declare the field as string",
    "dyn": "every expression has one type",
    "type": "types are fixed when a rule is compiled",
    "min": "write math.least(…)", "max": "write math.greatest(…)",
    "math.min": "write math.least(…)", "math.max": "write math.greatest(…)",
    "all": "there are no lists to go through", "exists": "there are no lists to go through",
    "exists_one": "there are no lists to go through", "map": "there are no lists to go through",
    "filter": "there are no lists to go through",
    "lowerAscii": "a new string would be allocated; normalise the field before",
    "upperAscii": "a new string would be allocated; normalise the field before",
  ]

  private static func one(
    _ name: String, _ parameter: RuleType, _ result: RuleType, _ operation: Operation
  ) -> RuleFunction {
    RuleFunction(
      name: name, parameters: [parameter], result: result, kind: .instruction(operation))
  }

  private static func two(_ name: String, _ operation: Operation) -> RuleFunction {
    RuleFunction(
      name: name, parameters: [.string, .string], result: .bool, kind: .instruction(operation))
  }

  private static let conversions: [RuleFunction] = [
    one("int", .int, .int, .requireValue),
    one("int", .double, .int, .intOfDouble), one("int", .string, .int, .intOfString),
    one("int", .timestamp, .int, .secondsOfTimestamp),
    one("double", .double, .double, .requireValue),
    one("double", .int, .double, .doubleOfInt),
    RuleFunction(
      name: "double", parameters: [.string], result: .double,
      kind: .constant { Double($0).map { .double($0) } }, form: "expected as in 1.5e3"),
    one("bool", .bool, .bool, .requireValue),
    one("bool", .string, .bool, .boolOfString),
    RuleFunction(
      name: "duration", parameters: [.string], result: .duration,
      kind: .constant { TimeText.duration($0).map { .duration($0) } },
      form: "expected as in '90s', '1h30m' or '250ms', within 292 years"),
    one("duration", .duration, .duration, .requireValue),
    RuleFunction(
      name: "timestamp", parameters: [.string], result: .timestamp,
      kind: .constant { TimeText.timestamp($0).map { .timestamp($0) } },
      form: "expected as in '2026-05-01T12:00:00Z', between 1678 and 2261"),
    one("timestamp", .int, .timestamp, .timestampOfSeconds),
    one("timestamp", .timestamp, .timestamp, .requireValue),
  ]

  private static let texts: [RuleFunction] = [
    one("size", .string, .int, .size), one(".size", .string, .int, .size),
    two(".startsWith", .startsWith), two(".endsWith", .endsWith),
    RuleFunction(
      name: ".contains", parameters: [.string, .string], result: .bool, kind: .contains),
  ]

  private static let mathematics: [RuleFunction] = [
    one("math.abs", .int, .int, .absoluteInt), one("math.abs", .double, .double, .absoluteDouble),
    one("math.ceil", .double, .double, .ceiling), one("math.floor", .double, .double, .floor),
    one("math.round", .double, .double, .round), one("math.trunc", .double, .double, .truncate),
    one("math.sign", .int, .int, .signInt), one("math.sign", .double, .double, .signDouble),
    one("math.sqrt", .double, .double, .squareRoot),
    one("math.isNaN", .double, .bool, .isNaN), one("math.isInf", .double, .bool, .isInfinite),
    one("math.isFinite", .double, .bool, .isFinite),
  ]

  private static let times: [RuleFunction] = [
    one(".getFullYear", .timestamp, .int, .year), one(".getMonth", .timestamp, .int, .month),
    one(".getDate", .timestamp, .int, .date),
    one(".getDayOfMonth", .timestamp, .int, .dayOfMonth),
    one(".getDayOfWeek", .timestamp, .int, .dayOfWeek),
    one(".getDayOfYear", .timestamp, .int, .dayOfYear),
    one(".getHours", .timestamp, .int, .hourOfDay),
    one(".getMinutes", .timestamp, .int, .minuteOfHour),
    one(".getSeconds", .timestamp, .int, .secondOfMinute),
    one(".getMilliseconds", .timestamp, .int, .millisecondOfSecond),
    one(".getHours", .duration, .int, .wholeHours),
    one(".getMinutes", .duration, .int, .wholeMinutes),
    one(".getSeconds", .duration, .int, .wholeSeconds),
    one(".getMilliseconds", .duration, .int, .millisecondOfDuration),
  ]

  private static let all: [RuleFunction] = conversions + texts + mathematics + times
}
