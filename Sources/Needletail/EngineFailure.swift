/// Why an engine cannot start, reload or do what it was asked.
public struct EngineFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, for programs.
  public enum Code: Sendable, Hashable {
    /// A file is wrong or missing, a model does not load, or state cannot be used: ``problems``
    /// names each place.
    case configuration
    /// There is no pipeline, source or service of this name.
    case notFound
    /// The input does not fit its schema.
    case invalidInput
    /// More decisions are under way than may be, or there is no time left.
    case overloaded
    /// What was decided or taken in could not be made durable in time; whether it will be is not
    /// known. Repeat it with the same id.
    case durability
    /// The engine is closed.
    case closed
  }

  public var code: Code
  /// Every problem, the place first where there is one; never empty.
  public var problems: [String]

  /// A failure with at least one problem.
  public init(_ code: Code, _ problems: [String]) {
    self.code = code
    self.problems = problems
  }

  init(_ code: Code, _ problem: String) { self.init(code, [problem]) }

  /// The problems, one a line.
  public var description: String { problems.joined(separator: "\n") }
}
