import Gateway
import Inference
import LoadGenerator
import Logging
import ModelRuntimes
import NIOCore
import NeedletailTesting
import SwiftProtobuf
import Tensors
import Timing

/// Reads requests back with the server's own parsers.
enum RequestReading {
  final class Nobody: InferenceReceiver {
    func receive(
      _ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest
    ) {}
  }

  /// A model served under a name, and its description.
  static func serve(
    _ model: ScriptedModel, name: String = "m"
  ) async throws -> (version: ServedVersion, description: ModelDescription) {
    var options = EngineOptions()
    options.calibrates = false
    let engine = InferenceEngine(
      options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await ScriptedHost.serve([ScriptedHost.Entry(name, model: model)], on: engine)
    return (
      try engine.served(model: name, version: ""),
      try ModelDescription.find(model: name, in: engine)
    )
  }

  /// An HTTP request as the server takes it.
  struct Decoded {
    var head: HTTPRequestHead
    var line: String
    var route: HTTPRoute?
    var body: ByteBuffer
    var request: InferenceRequest?
    var outputs: [RequestedOutput] = []
    var isBinaryDefault = false
  }

  static func http(
    _ request: PreparedRequest, _ version: ServedVersion? = nil,
    memory: SharedMemoryRegistry = SharedMemoryRegistry()
  ) throws -> Decoded {
    guard case .http(let prepared) = request.payload else {
      throw BenchInputError("not an HTTP request")
    }
    var parser = HTTPRequestParser(limits: GatewayLimits())
    let span = prepared.bytes.readableBytesUInt8Span
    guard let head = try parser.parse(span) else { throw BenchInputError("the head has no end") }
    let text = String(buffer: prepared.bytes)
    var decoded = Decoded(
      head: head, line: String(text.prefix { $0 != "\r\n" }),
      route: HTTPRouter(scope: .everything).route(span.extracting(head.path)),
      body: prepared.bytes.getSlice(
        at: head.byteCount, length: prepared.bytes.readableBytes - head.byteCount) ?? ByteBuffer())
    guard decoded.body.readableBytes == head.contentLength ?? 0 else {
      throw BenchInputError("the body is not as long as the head says")
    }
    guard let version else { return decoded }
    var body = try InferenceBodyDecoder(
      draft: RequestDraft(version: version, receivedAt: .now()), body: decoded.body,
      jsonLength: head.jsonLength, sharedMemory: memory, depthMax: 64)
    try body.decode()
    decoded.outputs = body.outputs
    decoded.isBinaryDefault = body.isBinaryDefault
    decoded.request = try body.draft.makeRequest(receiver: Nobody())
    return decoded
  }

  /// A gRPC request's message.
  static func grpc(_ request: PreparedRequest) throws -> (
    GRPCRequestBytes, Inference_ModelInferRequest
  ) {
    guard case .grpc(let prepared) = request.payload else {
      throw BenchInputError("not a gRPC request")
    }
    var bytes = prepared.message
    guard bytes.readInteger(as: UInt8.self) == 0,
      bytes.readInteger(as: UInt32.self) == UInt32(bytes.readableBytes)
    else { throw BenchInputError("wrong framing") }
    return (
      prepared, try Inference_ModelInferRequest(serializedBytes: Array(bytes.readableBytesView))
    )
  }

  /// The bytes of each stamp's place.
  static func stamped(_ bytes: ByteBuffer, _ stamps: [Stamp]) -> [String] {
    stamps.map { bytes.getString(at: bytes.readerIndex + $0.offset, length: Stamp.width) ?? "" }
  }
}
