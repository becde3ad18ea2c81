/// Why a target cannot be put under load; `description` is fit for the operator.
package struct TargetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of trouble it is.
  package enum Code: Sendable, Equatable, CaseIterable {
    /// No answer at all.
    case unreachable
    /// It answers that it cannot serve yet.
    case notReady
    /// It serves, but not this model.
    case unknownModel
    /// It answers what this protocol does not say.
    case badAnswer
    /// It refuses what was asked.
    case refused
  }

  package var code: Code
  package var description: String

  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
