/// Why a run could not be made at all; `description` is fit for the operator.
package struct LoadFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
