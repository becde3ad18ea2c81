/// What is put under load.
package enum Target: Sendable, Equatable {
  /// A server behind a socket.
  case network(TargetEndpoint)
  /// A model repository that this process loads and serves to itself, without a network.
  case inProcess(repository: String)
}
