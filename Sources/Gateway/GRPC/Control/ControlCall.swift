internal import NIOCore

/// A unary call other than `ModelInfer`: answered by a task, so that the event loop never waits.
final class ControlCall: GRPCCall {
  private let method: GRPCMethod
  private var stream: GRPCStream?
  private var message: ByteBuffer?
  private var task: Task<Void, Never>?

  init(_ method: GRPCMethod, stream: GRPCStream) {
    self.method = method
    self.stream = stream
  }

  var acceptsMessage: Bool { true }

  func receive(message: ByteBuffer) {
    guard self.message == nil else {
      stream?.finish(ControlMessage.oneTooMany)
      return
    }
    self.message = message
  }

  func receiveEnd() {
    guard let stream else { return }
    guard let message else {
      return stream.finish(ControlMessage.missing)
    }
    self.message = nil
    let service = ControlService(context: stream.loop.context)
    let eventLoop = stream.loop.eventLoop
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    task = Task { [method] in
      let result: Result<ByteBuffer, GRPCStatus>
      do throws(GRPCStatus) {
        result = .success(try await service.answer(method, message))
      } catch {
        result = .failure(error)
      }
      eventLoop.execute { bound.value.complete(result) }
    }
  }

  func cancel() {
    stream = nil
    task?.cancel()
  }

  func serverStops() {}

  func drained() {}

  private func complete(_ result: Result<ByteBuffer, GRPCStatus>) {
    switch result {
    case .success(let message): stream?.answer(framed: message)
    case .failure(let status): stream?.finish(status)
    }
    stream = nil
  }
}
