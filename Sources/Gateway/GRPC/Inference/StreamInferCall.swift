internal import Inference
internal import NIOCore
internal import Timing

/// A `ModelStreamInfer` call: any number of requests, answered in the order they came.
///
/// At most ``GRPCLimits/streamRequestsMax`` wait at once; then the client's window stays closed.
final class StreamInferCall: GRPCCall, InferenceReceiver {
  /// What a request of the call has become.
  private enum State {
    case running(InferenceRequest, OutputSelection?)
    case answered(ByteBuffer)
    case failed(GRPCStatus)
  }

  private struct Slot {
    var state: State
    var id: String
    var marksFinal: Bool
    /// Bytes of the request's message.
    var bytes: Int

    func isRunning(_ request: InferenceRequest) -> Bool {
      if case .running(let running, _) = state { running === request } else { false }
    }
  }

  /// `nil` once the call is over.
  private var stream: GRPCStream?
  /// The requests that were not answered, oldest first.
  private var slots: [Slot] = []
  private var hasEnded = false
  private var isStopping = false

  init(stream: GRPCStream) { self.stream = stream }

  var acceptsMessage: Bool {
    guard let stream, !isStopping else { return false }
    let limits = stream.loop.limits
    return slots.count < limits.streamRequestsMax
      && stream.messageBytes < limits.streamRequestBytesMax
      && stream.outboundBytes < limits.streamAnswerBytesMax
  }

  func receive(message: ByteBuffer) {
    guard let stream else { return }
    let decoder = stream.loop.decoder
    do throws(InferenceError) {
      let decoded = try decoder.decode(message, times: stream.times, receiver: self)
      slots.append(
        Slot(
          state: .running(decoded.request, decoded.selection), id: decoded.request.id,
          marksFinal: decoded.marksFinal, bytes: message.readableBytes))
      stream.countMessages(message.readableBytes)
      stream.loop.port.submit(decoded.request)
    } catch {
      slots.append(
        Slot(
          state: .failed(GRPCStatus(error)), id: decoder.lastID(of: message),
          marksFinal: false, bytes: 0))
      sendAnswers()
    }
  }

  func receiveEnd() {
    hasEnded = true
    sendAnswers()
  }

  func cancel() {
    guard let port = stream?.loop.port else { return }
    stream = nil
    let abandoned = slots
    slots.removeAll()
    for slot in abandoned {
      guard case .running(let request, _) = slot.state else { continue }
      request.receiver = nil
      port.cancel(request)
    }
  }

  func serverStops() {
    isStopping = true
    sendAnswers()
  }

  func drained() { stream?.resumeReading() }

  func receive(
    _ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest
  ) {
    guard let stream, let index = slots.firstIndex(where: { $0.isRunning(request) }),
      case .running(_, let selection) = slots[index].state
    else { return }
    do throws(InferenceError) {
      let outputs = try ResponseTensors.make(
        outcome.get(), of: request, selection: selection,
        sharedMemory: stream.loop.context.sharedMemory)
      var writer = ModelInferResponseWriter(
        modelName: request.version.name, modelVersion: request.version.versionText,
        id: request.id)
      writer.marksFinal = slots[index].marksFinal
      slots[index].state = .answered(writer.writeStreamed(outputs))
      _ = stream.recordAnswered(request)
    } catch {
      slots[index].state = .failed(GRPCStatus(error))
    }
    stream.countMessages(-slots[index].bytes)
    sendAnswers()
    self.stream?.resumeReading()
  }

  /// Sends what is complete at the front of the line.
  private func sendAnswers() {
    while let stream, let slot = slots.first {
      switch slot.state {
      case .running: return
      case .answered(let bytes):
        slots.removeFirst()
        stream.send(framed: bytes)
      case .failed(let status):
        slots.removeFirst()
        if stream.head.endsAtError { return stream.finish(status) }
        stream.send(
          framed: ModelInferResponseWriter.writeStreamed(error: status.message, id: slot.id))
      }
    }
    guard slots.isEmpty else { return }
    if hasEnded {
      stream?.finish(GRPCStatus(.ok))
    } else if isStopping {
      stream?.finish(GRPCStatus(.unavailable, "the server is shutting down"))
    }
  }
}
