internal import Inference
internal import Monitoring
internal import NIOCore
internal import Timing

extension HTTPConnectionHandler {
  /// Answers the request that has just been read, or sends it on its way.
  func answerRequest() {
    guard let route else {
      answer(ControlAnswer(status: 404, error: "Not Found"))
      return
    }
    guard route.verbs.allows(head.method) else {
      var refusal = ControlAnswer(status: 405, error: "Method Not Allowed")
      refusal.head.allow = route.verbs
      answer(refusal)
      return
    }
    if head.contentEncoding == .unknown {
      var refusal = ControlAnswer(
        status: 501, error: "the request's Content-Encoding is not understood; use gzip or deflate",
        code: InferenceError.Code.unsupported.rawValue)
      refusal.head.namesCompressions = true
      answer(refusal)
      return
    }
    if case .infer(let model, let version) = route {
      guard decompressBody() else { return }
      startInference(model: model, version: version)
    } else if case .decisions(let route) = route, route.isData {
      startDecisions(route)
    } else {
      startControl(route)
    }
  }

  /// Replaces a compressed body by its content; `false` if that failed and was answered.
  private func decompressBody() -> Bool {
    guard case .compressed(let format) = head.contentEncoding else { return true }
    do throws(CompressionError) {
      body = try Inflater.inflate(body, format, limit: bodyBytesMax)
      return true
    } catch {
      answer(ControlAnswer(error))
      return false
    }
  }

  private func startInference(model: String, version: String) {
    wanted = WantedAnswer()
    do throws(InferenceError) {
      let request = try decodeInference(model: model, version: version)
      pending = request
      port.submit(request)
    } catch {
      log(error, of: nil, at: .now())
      answer(error)
    }
  }

  private func decodeInference(model: String, version: String) throws(InferenceError)
    -> InferenceRequest
  {
    // A draining server still serves: readiness is false, and clients leave in their own time.
    let served = try port.resolve(model: model, version: version)
    wanted.isTraced = server.traces.shouldTrace(model: served.name)
    var draft = RequestDraft(
      version: served, receivedAt: lastReadAt, firstByteAt: firstByteAt)
    if let timeout = head.timeoutNanoseconds {
      draft.deadline = firstByteAt.advanced(byNanoseconds: timeout)
    }
    var decoder = try InferenceBodyDecoder(
      draft: draft, body: body, jsonLength: head.jsonLength, sharedMemory: server.sharedMemory,
      depthMax: server.limits.jsonDepthMax)
    try decoder.decode()
    wanted.outputs = decoder.outputs
    wanted.isBinaryDefault = decoder.isBinaryDefault
    if !decoder.idText.isEmpty {
      wanted.id =
        body.getSlice(
          at: body.readerIndex + decoder.idText.lowerBound, length: decoder.idText.count)
        ?? ByteBuffer()
    }
    return try decoder.draft.makeRequest(receiver: self)
  }

  /// Answers off the event loop, in a task; the answer comes back to this loop.
  private func startControl(_ route: HTTPRoute) {
    guard let loop = channelContext?.eventLoop else { return }
    var request = ControlRequest(route: route, method: head.method, body: body)
    request.query = query
    if case .compressed(let format) = head.contentEncoding {
      request.compression = format
      // A small body must not grow to the size of the largest upload.
      request.bodyBytesMax = min(
        bodyBytesMax, max(server.limits.bodyBytesMax, body.readableBytes * 16))
    }
    body = ByteBuffer()
    let number = requestNumber
    let plane = control
    let handler = NIOLoopBound(self, eventLoop: loop)
    Task { [request] in
      let result = await plane.answer(request)
      loop.execute { handler.value.controlAnswered(result, number: number) }
    }
  }

  private func controlAnswered(_ result: ControlAnswer, number: UInt64) {
    guard phase == .answering, number == requestNumber else { return }
    answer(result)
    process()
  }
}

extension HTTPConnectionHandler: InferenceReceiver {
  /// Writes the outcome. On the connection's loop.
  func receive(
    _ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest
  ) {
    guard phase == .answering, pending === request else { return }
    pending = nil
    do throws(InferenceError) {
      try answer(outcome.get(), of: request)
    } catch {
      log(error, of: request, at: .now())
      // The trace first: the answer ends what is known of the request.
      trace(request)
      answer(error)
    }
    process()
  }
}
