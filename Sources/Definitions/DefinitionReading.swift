package import Rules
package import Yams

/// Reads one YAML text and collects every mistake with its place.
package protocol DefinitionReading {
  /// The text, and its mistakes so far.
  var source: DefinitionSource { get set }
}

extension DefinitionReading {
  /// A mapping whose keys are known ones, in no order.
  package typealias Section = [String: Node]

  /// What is wrong, in the order it was found.
  package var problems: [DefinitionProblem] { source.problems }

  /// Notes a mistake at a node; at the file as a whole without one.
  package mutating func report(_ node: Node?, _ message: String, _ fix: String = "") {
    add(node?.mark?.line ?? 0, node?.mark?.column ?? 0, message, fix)
  }

  /// Notes a mistake at a place, both numbers from 1.
  package mutating func add(
    _ line: Int, _ column: Int, _ message: String, _ fix: String = ""
  ) {
    source.problems.append(
      DefinitionProblem(
        file: source.path, line: line, column: column, message: message, fix: fix))
  }

  /// Notes a problem of an expression at its place in the file.
  package mutating func report(_ problem: RuleProblem, in node: Node, _ what: String) {
    report(problem.message, at: (problem.line, problem.column), in: node, what)
  }

  /// Notes a mistake in a scalar's text, at a place counted from 1; 0 for the text as a whole.
  package mutating func report(
    _ message: String, at within: (line: Int, column: Int), in node: Node, _ what: String
  ) {
    guard within.line > 0 else { return report(node, "\(what): \(message)") }
    if let place = source.place(within.line, within.column, in: node) {
      return add(place.line, place.column, "\(what): \(message)")
    }
    report(node, "\(what): \(message) (at \(within.line):\(within.column) of it)")
  }

  /// The text's outermost node; `nil`, with a problem, if there is none.
  ///
  /// - Parameter hint: what to do about a text that holds nothing.
  package mutating func root(_ text: String, _ hint: String) -> Node? {
    do {
      if let node = try compose(yaml: text), node.scalar?.string.isEmpty != true { return node }
      report(nil, "holds nothing", hint)
    } catch {
      report(error)
    }
    return nil
  }

  private mutating func report(_ error: any Error) {
    let check = "check the indentation, colons and quotes around this place"
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      add(mark.line, mark.column, problem, check)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "'\($0)'" }.sorted().joined(separator: ", ")
      add(
        context.mark.line, context.mark.column, "\(names) given more than once in this section",
        "keep one of them")
    default: add(0, 0, "is not valid YAML: \(error)")
    }
  }
}
