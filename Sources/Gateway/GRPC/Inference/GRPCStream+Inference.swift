package import Inference
internal import Monitoring
internal import NIOCore
internal import Timing

/// `ModelInfer`: one message in, one message out, without anything in between.
extension GRPCStream: InferenceReceiver {
  /// Decodes the call's only message and sends it on its way.
  func infer(_ message: ByteBuffer) {
    do throws(InferenceError) {
      let decoded = try loop.decoder.decode(message, times: times, receiver: self)
      inference = decoded.request
      selection = decoded.selection
      loop.port.submit(decoded.request)
    } catch {
      log(error, of: nil, at: .now())
      finish(GRPCStatus(error))
    }
  }

  package func receive(
    _ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest
  ) {
    inference = nil
    guard !isFinished else { return }
    do throws(InferenceError) {
      let outputs = try ResponseTensors.make(
        outcome.get(), of: request, selection: selection,
        sharedMemory: loop.context.sharedMemory)
      let writer = ModelInferResponseWriter(
        modelName: request.version.name, modelVersion: request.version.versionText,
        id: request.id)
      let bytes = writer.write(outputs)
      let encodedAt = recordAnswered(request)
      answer(framed: bytes, timing: timing(of: request.stages, encodedAt: encodedAt))
    } catch {
      log(error, of: request, at: .now())
      finish(GRPCStatus(error), timing: timing(of: request.stages, encodedAt: .now()))
    }
  }

  /// When this call's request arrived, as far as it has.
  var times: RequestTimes {
    RequestTimes(firstByte: openedAt, lastByte: connection.readAt, deadline: head.deadline)
  }

  /// Counts an answer that was just encoded, and traces it if asked to.
  func recordAnswered(_ request: InferenceRequest) -> MonotonicInstant {
    let now = MonotonicInstant.now()
    request.recordEncoded(at: now)
    log(nil, of: request, at: now)
    let traces = loop.context.traces
    if traces.shouldTrace(model: request.version.name) {
      traces.record(
        RequestTrace(
          model: request.version.name, version: request.version.versionText, id: request.id,
          traceparent: head.traceParent, stages: request.stages, encodedAt: now))
    }
    return now
  }

  /// Writes the log line of an inference, if such lines are wanted now.
  ///
  /// - Parameter request: `nil` if it was refused before it was one.
  func log(_ error: InferenceError?, of request: InferenceRequest?, at encodedAt: MonotonicInstant)
  {
    let requestLog = loop.context.requestLog
    guard requestLog.wants(error?.code) else { return }
    requestLog.record(
      RequestLog.Entry(
        door: "grpc", model: request?.version.name ?? "",
        version: request?.version.versionText ?? "",
        id: request?.id ?? "", traceparent: head.traceParent, error: error,
        received: request?.stages.received ?? connection.readAt, encodedAt: encodedAt))
  }

  private func timing(of stages: StageClock, encodedAt: MonotonicInstant) -> [HTTP2Field] {
    guard loop.context.options.sendsServerTiming else { return [] }
    return [HTTP2Field("server-timing", made: StageTimingField.value(stages, encodedAt: encodedAt))]
  }
}
