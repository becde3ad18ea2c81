internal import Gateway
internal import NIOCore
internal import SwiftProtobuf
internal import Tensors

/// The server answered, with a status that is not OK.
struct GRPCRefusal: Error, Equatable {
  var status: Int
  var message: String
}

/// Asks a server about a model over gRPC.
struct GRPCModelInquiry {
  let model: String
  let version: String
  let call: ControlTransport.GRPC

  /// The gRPC status codes that steer this.
  private enum Status {
    static let unimplemented = 12
    static let unavailable = 14
  }

  func fetch() async throws(TargetError) -> ModelDescription {
    try await checkReadiness()
    var request = Inference_ModelMetadataRequest()
    request.name = model
    request.version = version
    let bytes: ByteBuffer
    switch try await ask(.modelMetadata, request) {
    case .success(let answer): bytes = answer
    case .failure(let refusal):
      if refusal.status == Status.unavailable {
        throw TargetError(
          .notReady, "model '\(model)' is not ready: \(ServerText.clip(refusal.message))")
      }
      throw TargetError(
        .unknownModel,
        KnownModel.unknown(model, version, refusal.message, among: await index()))
    }
    guard let metadata = try? Inference_ModelMetadataResponse(serializedBytes: bytes.array) else {
      throw TargetError(
        .badAnswer,
        "the answer to ModelMetadata is no ModelMetadataResponse; does the server "
          + "speak the Open Inference Protocol?")
    }
    return ModelDescription(
      name: model, version: version, platform: metadata.platform,
      maxBatchSize: await maxBatchSize(), inputs: try metadata.inputs.map(Self.spec),
      outputs: try metadata.outputs.map(Self.spec))
  }

  private func checkReadiness() async throws(TargetError) {
    switch try await ask(.serverReady, Inference_ServerReadyRequest()) {
    case .success(let bytes):
      let response = try? Inference_ServerReadyResponse(serializedBytes: bytes.array)
      guard response?.ready == false else { return }
      throw TargetError(
        .notReady, "the server says that it is not ready (ServerReady); wait until it is")
    case .failure(let refusal):
      if refusal.status == Status.unimplemented { return }
      throw TargetError(
        .notReady,
        "the server is not ready: ServerReady answers \(refusal.status) "
          + "\(ServerText.clip(refusal.message)); wait until it is ready")
    }
  }

  /// 0 where the server does not tell.
  private func maxBatchSize() async -> Int {
    var request = Inference_ModelConfigRequest()
    request.name = model
    request.version = version
    guard case .success(let bytes)? = try? await ask(.modelConfig, request) else { return 0 }
    return (try? Self.maxBatchSize(in: bytes)) ?? 0
  }

  /// `config.max_batch_size`: fields 1 and 4. Read by hand, as the rest of the message grows with
  /// every release of the servers.
  static func maxBatchSize(in bytes: ByteBuffer) throws(ProtobufError) -> Int {
    let span = bytes.readableBytesUInt8Span
    var outer = ProtobufCursor(FieldSpan(start: 0, count: span.count))
    var result = 0
    while !outer.isAtEnd {
      let tag = try outer.readTag(span)
      guard tag.number == 1, tag.wireType == .lengthDelimited else {
        try outer.skip(tag, span)
        continue
      }
      var inner = ProtobufCursor(try outer.readSpan(span))
      while !inner.isAtEnd {
        let tag = try inner.readTag(span)
        guard tag.number == 4, tag.wireType == .varint else {
          try inner.skip(tag, span)
          continue
        }
        result = Int(max(0, Int32(truncatingIfNeeded: try inner.readVarint(span))))
      }
    }
    return result
  }

  /// The models of the repository; `nil` where the server does not tell.
  private func index() async -> [KnownModel]? {
    guard
      case .success(let bytes)? = try? await ask(
        .repositoryIndex, Inference_RepositoryIndexRequest()),
      let response = try? Inference_RepositoryIndexResponse(serializedBytes: bytes.array)
    else { return nil }
    return response.models.map {
      KnownModel(name: $0.name, state: $0.state, reason: $0.reason)
    }
  }

  private func ask(
    _ method: GRPCMethod, _ request: some Message
  ) async throws(TargetError) -> Result<ByteBuffer, GRPCRefusal> {
    do {
      let message: [UInt8] = try request.serializedBytes()
      return .success(try await call(method.path.description, ByteBuffer(bytes: message)))
    } catch let error as ControlError {
      guard let status = error.status else {
        throw TargetError(.unreachable, "no answer to \(method.path): \(error)")
      }
      return .failure(GRPCRefusal(status: status, message: error.message))
    } catch {
      throw TargetError(.unreachable, "no answer to \(method.path): \(error)")
    }
  }

  private static func spec(
    _ metadata: Inference_ModelMetadataResponse.TensorMetadata
  ) throws(TargetError) -> TensorSpec {
    guard let type = ElementType(wireName: metadata.datatype) else {
      throw TargetError(
        .badAnswer,
        "the model metadata gives tensor '\(metadata.name)' the unknown datatype "
          + "'\(ServerText.clip(metadata.datatype))'")
    }
    return TensorSpec(
      name: metadata.name, elementType: type,
      dimensions: metadata.shape.map { Int(clamping: max(-1, $0)) })
  }
}

extension ByteBuffer {
  /// The readable bytes, copied.
  var array: [UInt8] { Array(readableBytesView) }
}
