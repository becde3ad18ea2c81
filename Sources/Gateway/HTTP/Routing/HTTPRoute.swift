/// What a path asks for.
package enum HTTPRoute: Sendable, Equatable {
  case infer(model: String, version: String)
  case live
  case ready
  case serverMetadata
  case models
  case modelReady(model: String, version: String)
  case modelMetadata(model: String, version: String)
  case modelConfiguration(model: String, version: String)
  /// Empty model for all.
  case statistics(model: String, version: String)
  case repositoryIndex
  case repositoryLoad(model: String)
  case repositoryUnload(model: String)
  /// Empty model for the global settings.
  case traceSettings(model: String)
  case logSettings
  /// Empty region for all.
  case sharedMemoryStatus(SharedMemoryKind, region: String)
  case sharedMemoryRegister(SharedMemoryKind, region: String)
  case sharedMemoryUnregister(SharedMemoryKind, region: String)
  case metrics
  /// Decisions, events, features and records: the paths below `/v1`.
  case decisions(DecisionRoute)
  /// A path of the protocol that this server does not serve.
  case generate

  /// Which kind of shared memory a route is about.
  package enum SharedMemoryKind: Sendable, Equatable {
    case system, cuda
  }

  /// The verbs that go with the path.
  package enum Verbs: Sendable, Equatable {
    case get, post, getOrPost

    /// For the `Allow` header.
    package var text: StaticString {
      switch self {
      case .get: "GET, HEAD"
      case .post: "POST"
      case .getOrPost: "GET, HEAD, POST"
      }
    }

    package func allows(_ method: HTTPMethod) -> Bool {
      switch method {
      case .get, .head: self != .post
      case .post: self != .get
      case .other: false
      }
    }
  }

  package var verbs: Verbs {
    switch self {
    case .live, .ready, .serverMetadata, .models, .modelReady, .modelMetadata,
      .modelConfiguration, .statistics, .sharedMemoryStatus, .metrics:
      .get
    case .infer, .repositoryIndex, .repositoryLoad, .repositoryUnload, .sharedMemoryRegister,
      .sharedMemoryUnregister, .generate:
      .post
    case .traceSettings, .logSettings: .getOrPost
    case .decisions(let route): route.verbs
    }
  }

  /// Whether the request may carry model files.
  package var isUpload: Bool {
    if case .repositoryLoad = self { return true }
    return false
  }
}
