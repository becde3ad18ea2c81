internal import Decisions
internal import Features
internal import NIOCore
internal import Timing

extension HTTPConnectionHandler {
  /// Answers a request with a body about decisions, events or features, or sends it on its way.
  func startDecisions(_ route: DecisionRoute) {
    if case .compressed(let format) = head.contentEncoding { return inflate(format, then: route) }
    guard let door = openDoor() else { return answer(noPipelines()) }
    switch route {
    case .decide(let name): startDeciding(name, door)
    case .events(let name):
      guard let feed = door.host.feed(named: name) else {
        return answer(.unknown("source of events", name, door.host.feeds.map(\.name)))
      }
      startIntake(IntakeTable(feed), door)
    case .attributes(let name):
      guard let feed = door.host.attributes(named: name) else {
        return answer(.unknown("view of attributes", name, door.host.attributeFeeds.map(\.name)))
      }
      startIntake(IntakeTable(feed), door)
    case .features(let name):
      guard let service = door.host.service(named: name) else {
        return answer(.unknown("service of features", name, door.host.services.map(\.name)))
      }
      answerFeatures(IntakeTable(service), service.service, door)
    case .record, .records, .pipelines, .pipeline, .reload, .openAPI:
      answer(ControlAnswer(status: 404, error: "Not Found"))
    }
  }

  private func openDoor() -> DecisionDoor? {
    if let door { return door }
    guard let loop = channelContext?.eventLoop else { return nil }
    door = server.ports.door(on: loop)
    return door
  }

  private func noPipelines() -> ControlAnswer {
    server.lifecycle == .starting
      ? ControlAnswer(
        status: 503, error: "the server is starting; try again once it is ready",
        code: "UNAVAILABLE")
      : ControlAnswer(
        status: 404, error: "this server has no pipelines; start it with --pipeline FILE",
        code: "NOT_FOUND")
  }

  /// Decompresses the body off the event loop, then goes on.
  private func inflate(_ format: CompressionFormat, then route: DecisionRoute) {
    guard let loop = channelContext?.eventLoop else { return }
    let source = body
    let limit = bodyBytesMax
    let number = requestNumber
    let handler = NIOLoopBound(self, eventLoop: loop)
    Task {
      let result: Result<ByteBuffer, CompressionError>
      do throws(CompressionError) {
        result = .success(try Inflater.inflate(source, format, limit: limit))
      } catch {
        result = .failure(error)
      }
      loop.execute { handler.value.inflated(result, number: number, route) }
    }
  }

  private func inflated(
    _ result: Result<ByteBuffer, CompressionError>, number: UInt64, _ route: DecisionRoute
  ) {
    guard phase == .answering, number == requestNumber else { return }
    switch result {
    case .success(let content):
      body = content
      head.contentEncoding = .identity
      if countBody() {
        startDecisions(route)
      } else {
        answer(
          ControlAnswer(
            status: 503, error: "the server holds too many bytes of requests; retry later",
            code: "OVERLOADED"))
      }
    case .failure(let error): answer(ControlAnswer(error))
    }
    process()
  }

  /// The work on the body is done.
  func finish(_ work: any BodyWork, _ result: ControlAnswer) {
    guard phase == .answering, self.work === work else { return }
    self.work = nil
    answer(result)
    process()
  }

  /// The work on the body is done, and this is the answer.
  func finish(_ work: any BodyWork, _ answerHead: HTTPAnswerHead, _ answer: HTTPAnswerBuffer) {
    guard phase == .answering, self.work === work else { return }
    self.work = nil
    write(answerHead, answer, rest: [])
    process()
  }

  private func start(_ work: any BodyWork) {
    self.work = work
    work.start()
  }
}

// Decisions.
extension HTTPConnectionHandler: DecisionReceiver {
  private func startDeciding(_ name: String, _ door: DecisionDoor) {
    guard let pipeline = door.host.engine.pipeline(named: name) else {
      return answer(.unknown("pipeline", name, door.host.engine.names))
    }
    let wantsFeatures: Bool
    do throws(ControlError) {
      wantsFeatures =
        query.isEmpty ? false : try QueryParameters(query, known: ["features"]).flag("features")
    } catch {
      return answer(ControlAnswer(error))
    }
    let deadline =
      head.timeoutNanoseconds.map { firstByteAt.advanced(byNanoseconds: $0) } ?? .distantFuture
    let form = BodyItems.Form(body, hasLines: head.hasLines)
    guard form == .one else {
      let items = BodyItems(
        body, form, itemsMax: DecisionBatch.requestsMax,
        valueBytesMax: DecisionBatch.requestBytesMax, depthMax: server.limits.jsonDepthMax)
      return start(
        DecisionBatch(
          items, pipeline: pipeline, wantsFeatures: wantsFeatures, deadline: deadline, door: door,
          connection: self))
    }
    guard body.readableBytes <= DecisionBatch.requestBytesMax else {
      return answer(.tooLarge(body.readableBytes, DecisionBatch.requestBytesMax))
    }
    let receivedAt = min(lastReadAt, door.turnStart())
    if let failure = door.port.refusal(
      pipeline: pipeline, receivedAt: receivedAt, deadline: deadline)
    {
      door.meter.count(.failure(failure), pipeline: name)
      return answer(ControlAnswer(failure))
    }
    do throws(InputProblems) {
      let body = body
      var request = try door.withArray(of: body, 0..<body.readableBytes) {
        json throws(InputProblems) in
        try DecisionRequest(
          pipeline: pipeline, json: json, receivedAt: receivedAt, wallTime: WallClock.now())
      }
      request.deadline = deadline
      request.wantsFeatures = wantsFeatures
      isDeciding = true
      door.port.submit(request, receiver: self)
    } catch {
      door.meter.countInvalid(pipeline: name)
      answer(ControlAnswer(error))
    }
  }

  /// Writes the outcome. On the connection's loop.
  func receive(_ outcome: Result<Decision, DecisionFailure>) {
    guard isDeciding, case .decisions(.decide(let name)) = route else { return }
    isDeciding = false
    door?.meter.count(outcome, pipeline: name)
    guard phase == .answering else { return }
    switch outcome {
    case .success(let decision):
      let json = decision.json()
      var answer = HTTPAnswerBuffer(
        allocator: channelContext?.channel.allocator ?? ByteBufferAllocator(),
        capacity: json.count)
      answer.buffer.writeBytes(json)
      var answerHead = HTTPAnswerHead()
      if server.options.sendsServerTiming { answerHead.stages = decision.stages }
      write(answerHead, answer, rest: [])
    case .failure(let failure): answer(ControlAnswer(failure))
    }
    process()
  }
}

// Events and features.
extension HTTPConnectionHandler {
  private func startIntake(_ table: IntakeTable, _ door: DecisionDoor) {
    do throws(ControlError) {
      if !query.isEmpty { _ = try QueryParameters(query, known: []) }
    } catch {
      return answer(ControlAnswer(error))
    }
    let form = BodyItems.Form(body, hasLines: head.hasLines)
    if form == .one { return takeOne(table, door) }
    let items = BodyItems(
      body, form, itemsMax: IntakeWork.recordsMax, valueBytesMax: RecordDecoder.recordBytesMax,
      depthMax: server.limits.jsonDepthMax)
    start(IntakeWork(items, table: table, door: door, connection: self))
  }

  private func takeOne(_ table: IntakeTable, _ door: DecisionDoor) {
    guard isObject() else { return }
    let decoder = door.decoder(table)
    do throws(RecordProblem) {
      try decoder.decode(body, isLine: false, into: 0)
    } catch {
      return answer(.invalid(error.text))
    }
    let work = SingleIntake(table, connection: self)
    self.work = work
    work.take(decoder.records[..<1], on: door.eventLoop)
  }

  private func answerFeatures(_ table: IntakeTable, _ service: Int, _ door: DecisionDoor) {
    guard isObject() else { return }
    let decoder = door.decoder(table)
    let timed = table.withTime(body, now: WallClock.now())
    do throws(RecordProblem) {
      try decoder.decode(timed, isLine: false, into: 0)
    } catch {
      return answer(.invalid(error.text))
    }
    var vector = FeatureVector()
    table.store.vector(service, decoder.records[0], at: decoder.records[0].time, into: &vector)
    answer(
      ControlAnswer {
        DecisionAnswer.write(
          vector, of: table, service, at: decoder.records[0].time, to: &$0)
      })
  }

  /// Whether the body is one JSON value; answers if not.
  private func isObject() -> Bool {
    guard body.readableBytes <= RecordDecoder.recordBytesMax else {
      answer(.tooLarge(body.readableBytes, RecordDecoder.recordBytesMax))
      return false
    }
    do throws(JSONError) {
      try Self.checkSingle(body, depthMax: server.limits.jsonDepthMax)
      return true
    } catch {
      answer(ControlAnswer(status: 400, error: error.message, code: "INVALID_ARGUMENT"))
      return false
    }
  }

  private static func checkSingle(
    _ body: ByteBuffer, depthMax: Int
  ) throws(JSONError) {
    let bytes = body.readableBytesUInt8Span
    var cursor = JSONCursor(0..<bytes.count)
    try cursor.skipValue(bytes, depthMax: depthMax)
    if cursor.peek(bytes) == 0x7B {
      throw JSONError(
        "a second object; send several as an array, or one a line with "
          + "Content-Type: application/x-ndjson", at: cursor.position)
    }
    try cursor.expectEnd(bytes)
  }
}
