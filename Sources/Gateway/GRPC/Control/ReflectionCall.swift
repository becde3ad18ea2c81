internal import NIOCore
internal import SwiftProtobuf

/// A server reflection call, v1 or v1alpha: the two have the same messages on the wire.
final class ReflectionCall: GRPCCall {
  private var stream: GRPCStream?

  init(stream: GRPCStream) { self.stream = stream }

  var acceptsMessage: Bool {
    guard let stream else { return false }
    return stream.outboundBytes < stream.loop.limits.streamAnswerBytesMax
  }

  func receive(message: ByteBuffer) {
    guard let stream else { return }
    do throws(GRPCStatus) {
      let request: Grpc_Reflection_V1_ServerReflectionRequest = try ControlMessage.read(message)
      stream.send(framed: try ControlMessage.write(Self.answer(request)))
    } catch {
      stream.finish(error)
    }
  }

  func receiveEnd() { stream?.finish(GRPCStatus(.ok)) }
  func cancel() { stream = nil }

  func serverStops() { stream?.finish(GRPCStatus(.unavailable, "the server is shutting down")) }

  func drained() { stream?.resumeReading() }

  /// The answer to one request.
  static func answer(
    _ request: Grpc_Reflection_V1_ServerReflectionRequest
  ) -> Grpc_Reflection_V1_ServerReflectionResponse {
    let index = ReflectionIndex.shared
    var response = Grpc_Reflection_V1_ServerReflectionResponse()
    response.validHost = request.host
    response.originalRequest = request
    switch request.messageRequest {
    case .listServices:
      response.listServicesResponse.service = index.services.map { name in
        var service = Grpc_Reflection_V1_ServiceResponse()
        service.name = name
        return service
      }
    case .fileByFilename(let name):
      guard let files = index.file(named: name) else {
        return failing(response, .notFound, "no file is named '\(name)'")
      }
      response.fileDescriptorResponse.fileDescriptorProto = files
    case .fileContainingSymbol(let symbol):
      guard let files = index.file(declaring: symbol) else {
        return failing(response, .notFound, "no file declares '\(symbol)'")
      }
      response.fileDescriptorResponse.fileDescriptorProto = files
    case .fileContainingExtension, .allExtensionNumbersOfType:
      return failing(response, .notFound, "this server's messages have no extensions")
    case nil:
      return failing(response, .invalidArgument, "the request asks for nothing")
    }
    return response
  }

  private static func failing(
    _ response: Grpc_Reflection_V1_ServerReflectionResponse, _ code: GRPCStatus.Code,
    _ message: String
  ) -> Grpc_Reflection_V1_ServerReflectionResponse {
    var failed = response
    failed.errorResponse.errorCode = Int32(code.rawValue)
    failed.errorResponse.errorMessage = message
    return failed
  }
}
