internal import Inference
internal import ModelStore
internal import NIOCore

extension ControlService {
  /// Parameter names with this prefix carry a file of the model.
  private static let filePrefix = "file:"

  /// The answers of the repository extension.
  func answerRepository(
    _ method: GRPCMethod, _ message: ByteBuffer
  ) async throws(GRPCStatus) -> ByteBuffer {
    switch method {
    case .repositoryIndex:
      let request: Inference_RepositoryIndexRequest = try ControlMessage.read(message)
      return try ControlMessage.write(await index(request))
    case .repositoryModelLoad:
      let request: Inference_RepositoryModelLoadRequest = try ControlMessage.read(message)
      try await Self.mapping { () async throws(StoreError) in try await load(request) }
      return try ControlMessage.write(Inference_RepositoryModelLoadResponse())
    default:
      let request: Inference_RepositoryModelUnloadRequest = try ControlMessage.read(message)
      try await Self.mapping { () async throws(StoreError) in try await unload(request) }
      return try ControlMessage.write(Inference_RepositoryModelUnloadResponse())
    }
  }

  private static func mapping(
    _ body: () async throws(StoreError) -> Void
  ) async throws(GRPCStatus) {
    do throws(StoreError) { try await body() } catch {
      throw GRPCStatus(InferenceError(store: error))
    }
  }

  private func index(
    _ request: Inference_RepositoryIndexRequest
  ) async -> Inference_RepositoryIndexResponse {
    var response = Inference_RepositoryIndexResponse()
    response.models = await context.store.index(readyOnly: request.ready).map { entry in
      var model = Inference_RepositoryIndexResponse.ModelIndex()
      model.name = entry.name
      model.version = entry.version
      model.state = entry.state?.rawValue ?? ""
      model.reason = entry.reason
      return model
    }
    return response
  }

  private func load(
    _ request: Inference_RepositoryModelLoadRequest
  ) async throws(StoreError) {
    var configuration: String?
    var files: [String: [UInt8]] = [:]
    for (name, parameter) in request.parameters {
      if name == "config" {
        guard case .stringParam(let text) = parameter.parameterChoice else {
          throw StoreError(.invalid, "load parameter 'config' is not a string of JSON")
        }
        configuration = text
      } else if name.hasPrefix(Self.filePrefix) {
        guard case .bytesParam(let bytes) = parameter.parameterChoice else {
          throw StoreError(.invalid, "load parameter '\(name)' is not bytes")
        }
        files[String(name.dropFirst(Self.filePrefix.count))] = [UInt8](bytes)
      } else {
        throw StoreError(
          .invalid,
          "unrecognized load parameter '\(name)'; use 'config' or 'file:<version>/<file name>'")
      }
    }
    try await context.store.load(
      model: request.modelName, configuration: configuration, files: files)
  }

  private func unload(
    _ request: Inference_RepositoryModelUnloadRequest
  ) async throws(StoreError) {
    var dependents = false
    for (name, parameter) in request.parameters where name == "unload_dependents" {
      guard case .boolParam(let value) = parameter.parameterChoice else {
        throw StoreError(.invalid, "unload parameter 'unload_dependents' is not a bool")
      }
      dependents = value
    }
    try await context.store.unload(model: request.modelName, unloadDependents: dependents)
  }
}
