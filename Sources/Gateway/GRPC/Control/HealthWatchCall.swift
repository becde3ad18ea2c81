internal import NIOCore

/// A `grpc.health.v1.Health/Watch` call: sends the state of a service now and at every change.
final class HealthWatchCall: GRPCCall {
  private var stream: GRPCStream?
  private var service: String?
  private var isLooking = false
  private var sent: Grpc_Health_V1_HealthCheckResponse.ServingStatus?

  init(stream: GRPCStream) { self.stream = stream }

  var acceptsMessage: Bool { true }

  func receive(message: ByteBuffer) {
    guard let stream, service == nil else { return }
    do throws(GRPCStatus) {
      let request: Grpc_Health_V1_HealthCheckRequest = try ControlMessage.read(message)
      service = request.service
      stream.loop.add(self)
      update()
    } catch {
      stream.finish(error)
    }
  }

  func receiveEnd() {
    if service == nil {
      stream?.finish(GRPCStatus(.invalidArgument, "the call has no message; send one"))
    }
  }

  func cancel() {
    stream?.loop.remove(self)
    stream = nil
  }

  func serverStops() { stream?.finish(GRPCStatus(.unavailable, "the server is shutting down")) }

  func drained() { update() }

  /// Looks at the state, and sends it if it differs from what was sent; not before the client has
  /// read that.
  func update() {
    guard let stream, let service, !isLooking, stream.outboundBytes == 0 else { return }
    isLooking = true
    let context = stream.loop.context
    let eventLoop = stream.loop.eventLoop
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    Task {
      let status = await ServiceHealth.status(of: service, context) ?? .serviceUnknown
      eventLoop.execute { bound.value.send(status) }
    }
  }

  private func send(_ status: Grpc_Health_V1_HealthCheckResponse.ServingStatus) {
    isLooking = false
    guard let stream, status != sent else { return }
    sent = status
    var response = Grpc_Health_V1_HealthCheckResponse()
    response.status = status
    do throws(GRPCStatus) {
      stream.send(framed: try ControlMessage.write(response))
    } catch {
      stream.finish(error)
    }
  }
}
