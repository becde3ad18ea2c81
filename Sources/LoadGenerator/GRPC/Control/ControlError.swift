/// A control call over gRPC did not succeed.
package struct ControlError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The gRPC status; `nil` if no answer came.
  package var status: Int?
  /// The server's words, or what became of the connection.
  package var message: String

  package init(status: Int?, message: String) {
    self.status = status
    self.message = message
  }

  package var description: String {
    guard let status else { return message }
    let name = GRPCStatusCode.name(status)
    return message == name ? name : "\(name): \(message)"
  }
}
