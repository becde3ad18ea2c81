/// Input of the user that cannot be used: a flag, a file, an address.
package struct BenchInputError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, with the value and its place, and what to write instead; fit for the operator.
  package var description: String

  package init(_ description: String) { self.description = description }
}
