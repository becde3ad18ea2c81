internal import Inference
internal import ModelStore
internal import NIOCore
internal import SwiftProtobuf
internal import Tensors

/// Answers every unary call but `ModelInfer`. Any thread.
struct ControlService: Sendable {
  let context: ServerContext

  /// The framed answer to the message of a call.
  func answer(
    _ method: GRPCMethod, _ message: ByteBuffer
  ) async throws(GRPCStatus) -> ByteBuffer {
    switch method {
    case .serverLive, .serverReady, .modelReady, .healthCheck:
      try await answerHealth(method, message)
    case .serverMetadata, .modelMetadata, .modelConfig, .modelStatistics:
      try answerDescription(method, message)
    case .repositoryIndex, .repositoryModelLoad, .repositoryModelUnload:
      try await answerRepository(method, message)
    case .systemSharedMemoryStatus, .systemSharedMemoryRegister, .systemSharedMemoryUnregister,
      .cudaSharedMemoryStatus, .cudaSharedMemoryRegister, .cudaSharedMemoryUnregister:
      try answerSharedMemory(method, message)
    case .traceSetting: try answerTraceSetting(message)
    case .logSettings: try answerLogSettings(message)
    case .getFeatures: try answerFeatures(message)
    case .getRecord, .listRecords: try await answerRecords(method, message)
    case .listPipelines, .reloadPipelines: try await answerPipelines(method, message)
    case .modelInfer, .modelStreamInfer, .healthWatch, .reflection, .reflectionAlpha, .decide,
      .decideMany, .decideStream, .appendEvents, .appendEventStream, .putAttributes:
      throw GRPCStatus(.unimplemented, "\(method) is not a control call")
    }
  }

  private func answerHealth(
    _ method: GRPCMethod, _ message: ByteBuffer
  ) async throws(GRPCStatus) -> ByteBuffer {
    switch method {
    case .serverLive:
      var response = Inference_ServerLiveResponse()
      response.live = true
      return try ControlMessage.write(response)
    case .serverReady:
      var response = Inference_ServerReadyResponse()
      response.ready = await context.isReady()
      return try ControlMessage.write(response)
    case .modelReady:
      let request: Inference_ModelReadyRequest = try ControlMessage.read(message)
      var response = Inference_ModelReadyResponse()
      // A model nobody knows is not ready; clients ask before they load it.
      response.ready =
        (try? context.engine.isReady(model: request.name, version: request.version)) ?? false
      return try ControlMessage.write(response)
    default:
      let request: Grpc_Health_V1_HealthCheckRequest = try ControlMessage.read(message)
      guard let status = await ServiceHealth.status(of: request.service, context) else {
        throw GRPCStatus(.notFound, "no service or model is named '\(request.service)'")
      }
      var response = Grpc_Health_V1_HealthCheckResponse()
      response.status = status
      return try ControlMessage.write(response)
    }
  }

  private func answerDescription(
    _ method: GRPCMethod, _ message: ByteBuffer
  ) throws(GRPCStatus) -> ByteBuffer {
    switch method {
    case .serverMetadata: try ControlMessage.write(serverMetadata)
    case .modelMetadata:
      try ControlMessage.write(modelMetadata(ControlMessage.read(message)))
    case .modelConfig: try ControlMessage.write(modelConfig(ControlMessage.read(message)))
    default: try ControlMessage.write(modelStatistics(ControlMessage.read(message)))
    }
  }

  /// What `body` returns; its error as a status.
  static func mapping<Value>(
    _ body: () throws(InferenceError) -> Value
  ) throws(GRPCStatus) -> Value {
    do throws(InferenceError) { return try body() } catch { throw GRPCStatus(error) }
  }

  private func served(
    _ model: String, _ version: String
  ) throws(GRPCStatus) -> ServedVersion {
    try Self.mapping { () throws(InferenceError) -> ServedVersion in
      try context.engine.served(model: model, version: version)
    }
  }

  private var serverMetadata: Inference_ServerMetadataResponse {
    var response = Inference_ServerMetadataResponse()
    response.name = context.options.identity.name
    response.version = context.options.identity.version
    response.extensions = context.options.identity.extensions
    return response
  }

  private func modelMetadata(
    _ request: Inference_ModelMetadataRequest
  ) throws(GRPCStatus) -> Inference_ModelMetadataResponse {
    let version = try served(request.name, request.version)
    var response = Inference_ModelMetadataResponse()
    response.name = version.name
    response.versions = context.engine.readyVersions(model: version.name)
    let message = version.configuration.message
    response.platform = message.platform.isEmpty ? message.backend : message.platform
    response.inputs = version.inputs.map { spec in
      var tensor = Inference_ModelMetadataResponse.TensorMetadata()
      tensor.name = spec.name
      tensor.datatype = spec.elementType.wireName
      tensor.shape = spec.dimensions.map { Int64($0) }
      return tensor
    }
    response.outputs = version.outputs.map { spec in
      var tensor = Inference_ModelMetadataResponse.TensorMetadata()
      tensor.name = spec.name
      tensor.datatype = spec.elementType.wireName
      tensor.shape = spec.dimensions.map { Int64($0) }
      return tensor
    }
    return response
  }

  private func modelConfig(
    _ request: Inference_ModelConfigRequest
  ) throws(GRPCStatus) -> Inference_ModelConfigResponse {
    var response = Inference_ModelConfigResponse()
    response.config = try served(request.name, request.version).configuration.message
    return response
  }
}
