/// How to load one model file.
package struct LoadOptions: Sendable, Equatable {
  /// How much the runtime may rewrite the graph.
  package enum GraphOptimization: String, Sendable, Equatable, CaseIterable {
    case none, basic, extended, all
  }

  /// An execution provider and its options, in order of preference.
  package struct ExecutionProvider: Sendable, Equatable {
    /// Short or full name: `cuda` or `CUDAExecutionProvider`.
    package var name: String
    package var options: [String: String]
    package init(name: String, options: [String: String] = [:]) {
      self.name = name
      self.options = options
    }
  }

  /// Where the model comes from.
  package enum Source: Sendable, Equatable {
    case file(path: String)
    case bytes([UInt8])
  }

  package var source: Source
  /// Threads inside one run; 0 lets the runtime choose, 1 runs on the calling thread.
  package var intraOpThreads: Int = 1
  /// Threads across independent graph branches; 1 is sequential.
  package var interOpThreads: Int = 1
  package var graphOptimization: GraphOptimization = .all
  /// Tried in order before the CPU, which is always last.
  package var executionProviders: [ExecutionProvider] = []
  /// Shared libraries that register custom operators.
  package var customOperatorLibraries: [String] = []
  /// Raw session configuration entries, passed through.
  package var sessionEntries: [String: String] = [:]
  /// CPU indexes that the runtime's own extra threads are pinned to; empty pins nothing.
  package var intraOpAffinity: [Int] = []

  package init(source: Source) { self.source = source }
}
