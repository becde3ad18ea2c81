/// The remote procedures this server answers.
package enum GRPCMethod: Sendable, Equatable, CaseIterable {
  case modelInfer
  case modelStreamInfer
  case serverLive
  case serverReady
  case modelReady
  case serverMetadata
  case modelMetadata
  case modelConfig
  case modelStatistics
  case repositoryIndex
  case repositoryModelLoad
  case repositoryModelUnload
  case systemSharedMemoryStatus
  case systemSharedMemoryRegister
  case systemSharedMemoryUnregister
  case cudaSharedMemoryStatus
  case cudaSharedMemoryRegister
  case cudaSharedMemoryUnregister
  case traceSetting
  case logSettings
  case healthCheck
  case healthWatch
  case reflection
  case reflectionAlpha
  case decide
  case decideMany
  case decideStream
  case appendEvents
  case appendEventStream
  case putAttributes
  case getFeatures
  case getRecord
  case listRecords
  case listPipelines
  case reloadPipelines

  /// The path of the request, `/<service>/<method>`.
  package var path: StaticString {
    switch self {
    case .modelInfer: "/inference.GRPCInferenceService/ModelInfer"
    case .modelStreamInfer: "/inference.GRPCInferenceService/ModelStreamInfer"
    case .serverLive: "/inference.GRPCInferenceService/ServerLive"
    case .serverReady: "/inference.GRPCInferenceService/ServerReady"
    case .modelReady: "/inference.GRPCInferenceService/ModelReady"
    case .serverMetadata: "/inference.GRPCInferenceService/ServerMetadata"
    case .modelMetadata: "/inference.GRPCInferenceService/ModelMetadata"
    case .modelConfig: "/inference.GRPCInferenceService/ModelConfig"
    case .modelStatistics: "/inference.GRPCInferenceService/ModelStatistics"
    case .repositoryIndex: "/inference.GRPCInferenceService/RepositoryIndex"
    case .repositoryModelLoad: "/inference.GRPCInferenceService/RepositoryModelLoad"
    case .repositoryModelUnload: "/inference.GRPCInferenceService/RepositoryModelUnload"
    case .systemSharedMemoryStatus: "/inference.GRPCInferenceService/SystemSharedMemoryStatus"
    case .systemSharedMemoryRegister: "/inference.GRPCInferenceService/SystemSharedMemoryRegister"
    case .systemSharedMemoryUnregister:
      "/inference.GRPCInferenceService/SystemSharedMemoryUnregister"
    case .cudaSharedMemoryStatus: "/inference.GRPCInferenceService/CudaSharedMemoryStatus"
    case .cudaSharedMemoryRegister: "/inference.GRPCInferenceService/CudaSharedMemoryRegister"
    case .cudaSharedMemoryUnregister: "/inference.GRPCInferenceService/CudaSharedMemoryUnregister"
    case .traceSetting: "/inference.GRPCInferenceService/TraceSetting"
    case .logSettings: "/inference.GRPCInferenceService/LogSettings"
    case .healthCheck: "/grpc.health.v1.Health/Check"
    case .healthWatch: "/grpc.health.v1.Health/Watch"
    case .reflection: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    case .reflectionAlpha: "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    case .decide: "/needletail.v1.Decisions/Decide"
    case .decideMany: "/needletail.v1.Decisions/DecideMany"
    case .decideStream: "/needletail.v1.Decisions/DecideStream"
    case .appendEvents: "/needletail.v1.Events/Append"
    case .appendEventStream: "/needletail.v1.Events/AppendStream"
    case .putAttributes: "/needletail.v1.Events/PutAttributes"
    case .getFeatures: "/needletail.v1.Features/Get"
    case .getRecord: "/needletail.v1.Records/Get"
    case .listRecords: "/needletail.v1.Records/List"
    case .listPipelines: "/needletail.v1.Pipelines/List"
    case .reloadPipelines: "/needletail.v1.Pipelines/Reload"
    }
  }

  /// Whether the client sends any number of messages.
  package var isClientStreaming: Bool {
    switch self {
    case .modelStreamInfer, .reflection, .reflectionAlpha, .decideStream, .appendEventStream: true
    default: false
    }
  }

  /// The methods that the stream itself answers, without an object of their own.
  private static let hotPaths = [Self.modelInfer, .decide]

  /// Whether the stream itself answers.
  var isAnsweredByStream: Bool { self == .modelInfer || self == .decide }

  /// Finds the method with this path; the hot paths come first and cost a comparison each.
  package init?(path: Span<UInt8>) {
    let span = FieldSpan(start: 0, count: path.count)
    for method in Self.hotPaths where path.matches(span, method.path) {
      self = method
      return
    }
    for method in Self.allCases where path.matches(span, method.path) {
      self = method
      return
    }
    return nil
  }
}
