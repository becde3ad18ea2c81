/// What an engine serves, and where it keeps its state.
public struct EngineConfiguration: Sendable, Equatable {
  /// The pipelines' YAML files, one pipeline each.
  public var pipelines: [String]
  /// Folders of models in Triton's layout. Only the models that the pipelines ask are loaded.
  public var modelRepositories: [String]
  /// Where features and records are kept, a folder that this process alone uses; `nil` keeps
  /// features in memory and no records.
  public var stateFolder: String?
  /// ONNX Runtime's library; `nil` looks for it as the server does.
  public var onnxRuntimeLibrary: String?
  /// Threads that decide, at least 1. A decision stays on one of them.
  public var threads: Int
  /// Builds the state of feature views anew from their log, where the views have changed.
  public var rebuildsFeatures: Bool
  /// How long records are kept; `nil` keeps them for good.
  public var keepsRecords: Duration?

  public init(
    pipelines: [String], modelRepositories: [String] = [], stateFolder: String? = nil,
    onnxRuntimeLibrary: String? = nil, threads: Int = 1, rebuildsFeatures: Bool = false,
    keepsRecords: Duration? = nil
  ) {
    self.pipelines = pipelines
    self.modelRepositories = modelRepositories
    self.stateFolder = stateFolder
    self.onnxRuntimeLibrary = onnxRuntimeLibrary
    self.threads = threads
    self.rebuildsFeatures = rebuildsFeatures
    self.keepsRecords = keepsRecords
  }
}
