internal import Rules

/// An expression over slots: compiled for a row of just the values that it reads.
final class SlotExpression: Sendable {
  let compiled: CompiledExpression
  /// By field of the expression's row: the slot, or the field of a record.
  let inputs: [Int]
  /// An empty row of the expression's schema.
  let row: RuleRow

  /// - Parameter names: the fields that may be read, with the slot or field each stands for.
  init(
    _ text: String, names: [(field: RuleField, input: Int)], expecting type: RuleType
  ) throws(FeatureExpressionError) {
    let all = try Self.schema(names.map(\.field))
    let known: CompiledExpression
    do throws(RuleProblems) {
      known = try CompiledExpression(text, schema: all, expecting: type)
    } catch {
      throw FeatureExpressionError(
        problems: error.problems.map {
          (line: $0.line, column: $0.column, message: $0.message)
        })
    }
    let used = ExpressionNames.used(in: text, among: names.map(\.field.name))
    let few = try Self.schema(used.map { names[$0].field })
    if let exact = try? CompiledExpression(text, schema: few, expecting: type) {
      compiled = exact
      inputs = used.map { names[$0].input }
      row = RuleRow(few)
    } else {
      // Names written in a way that the search did not see: take all.
      compiled = known
      inputs = names.map(\.input)
      row = RuleRow(all)
    }
  }

  private static func schema(_ fields: [RuleField]) throws(FeatureExpressionError) -> RuleSchema {
    do throws(RuleSchemaError) {
      return try RuleSchema(fields)
    } catch {
      throw FeatureExpressionError(problems: error.problems.map { (0, 0, $0) })
    }
  }
}

/// What is wrong with an expression; the line and column are within its text, 0 for all of it.
struct FeatureExpressionError: Error {
  var problems: [(line: Int, column: Int, message: String)]
}

/// Finds which declared names an expression reads.
enum ExpressionNames {
  /// The indices of `names` that occur in `text` outside of its strings, ascending.
  static func used(in text: String, among names: [String]) -> [Int] {
    var indices: [String: Int] = [:]
    for (index, name) in names.enumerated() { indices[name] = index }
    var found: Set<Int> = []
    for path in paths(in: Array(text.unicodeScalars)) {
      // A method follows its field with a dot, so the longest declared beginning counts.
      var words = path.split(separator: ".", omittingEmptySubsequences: false)
      while !words.isEmpty {
        if let index = indices[words.joined(separator: ".")] {
          found.insert(index)
          break
        }
        words.removeLast()
      }
    }
    return found.sorted()
  }

  /// Words joined by dots, strings passed over.
  private static func paths(in text: [Unicode.Scalar]) -> [String] {
    var paths: [String] = []
    var path = ""
    var quote: Unicode.Scalar?
    var index = 0
    while index < text.count {
      let scalar = text[index]
      index += 1
      if let open = quote {
        if scalar == "\\" { index += 1 }
        if scalar == open { quote = nil }
        continue
      }
      let isWord =
        scalar.isASCII && (scalar.properties.isAlphabetic || scalar.value == 0x5F)
        || ("0"..."9").contains(scalar)
      if isWord || scalar == "." {
        path.unicodeScalars.append(scalar)
        continue
      }
      if !path.isEmpty { paths.append(path) }
      path = ""
      if scalar == "\"" || scalar == "'" { quote = scalar }
    }
    if !path.isEmpty { paths.append(path) }
    return paths
  }
}
