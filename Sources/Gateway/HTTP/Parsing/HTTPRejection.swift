/// Why a request cannot be answered as HTTP; the connection closes after the answer.
package struct HTTPRejection: Error, Sendable, Equatable {
  /// The status of the answer, 400 to 505.
  package var status: Int
  /// Fit for the caller.
  package var message: String

  package init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }
}
