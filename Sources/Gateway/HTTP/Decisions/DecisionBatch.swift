internal import Decisions
internal import NIOCore
internal import Timing

/// Many requests of one pipeline in one body: decided in slices, answered in order, each by
/// itself.
final class DecisionBatch: BodyWork {
  /// The most requests of one body.
  static let requestsMax = 10_000
  /// The most that are under way at one time.
  private static let window = 256
  /// Bytes of one request.
  static let requestBytesMax = 1 << 20

  private unowned let connection: HTTPConnectionHandler
  private let door: DecisionDoor
  private let pipeline: Pipeline
  private let wantsFeatures: Bool
  private let deadline: MonotonicInstant
  private var items: BodyItems
  private var turns: BodyTurns
  private var answer: HTTPAnswerBuffer
  /// Of requests that have begun, from the first that is not written: what is answered.
  private var outcomes: [[UInt8]?] = []
  /// Requests whose answer is written.
  private var written = 0
  private var underWay = 0
  private var isStepping = false
  /// Whether it is answered, or nobody waits for the answer: the connection may be gone.
  private var isAbandoned = false
  private var isCancelled = false

  init(
    _ items: BodyItems, pipeline: Pipeline, wantsFeatures: Bool, deadline: MonotonicInstant,
    door: DecisionDoor, connection: HTTPConnectionHandler
  ) {
    self.items = items
    self.pipeline = pipeline
    self.wantsFeatures = wantsFeatures
    self.deadline = deadline
    self.door = door
    self.connection = connection
    turns = BodyTurns(door.eventLoop)
    answer = HTTPAnswerBuffer(
      allocator: connection.channelContext?.channel.allocator ?? ByteBufferAllocator(),
      capacity: 4_096)
  }

  func start() {
    if items.form == .array { answer.buffer.writeStaticString("{\"decisions\":[") }
    step()
  }

  func abandon() { isAbandoned = true }

  func cancel() { isCancelled = true }

  private func step() {
    turns.begin()
    guard !isAbandoned else { return }
    guard items.isScanned else { return scan() }
    isStepping = true
    var budget = TurnBudget()
    while budget.hasRoom, underWay < Self.window, let item = items.popNext() {
      begin(item)
      budget.spend(bytes: Int(item.count))
    }
    isStepping = false
    proceed()
  }

  private func scan() {
    do {
      try items.scan()
      turns.schedule { self.step() }
    } catch let error as JSONError {
      end(ControlAnswer(status: 400, error: error.message, code: "INVALID_ARGUMENT"))
    } catch {
      let text =
        "the body holds more than \(Self.requestsMax) requests, of which none was decided; "
        + "send fewer at a time"
      end(ControlAnswer(status: 413, error: text, code: "INVALID_ARGUMENT"))
    }
  }

  /// Sends one request on its way.
  private func begin(_ item: BodyItems.Item) {
    let place = written + outcomes.count
    outcomes.append(nil)
    let now = MonotonicInstant.now()
    guard !isCancelled else {
      return note(place, error: "the client closed its side before this was begun", "CANCELLED")
    }
    guard deadline > now else {
      return note(place, error: "the request's time was over before this was begun", "EXPIRED")
    }
    guard item.count <= Self.requestBytesMax else {
      return note(
        place, error: "has \(item.count) bytes; the most is \(Self.requestBytesMax)",
        "INVALID_ARGUMENT")
    }
    do throws(InputProblems) {
      let range = Int(item.start)..<Int(item.start + item.count)
      var request = try door.withArray(of: items.body, range) { json throws(InputProblems) in
        try DecisionRequest(
          pipeline: pipeline, json: json, receivedAt: now, wallTime: WallClock.now())
      }
      request.deadline = deadline
      request.wantsFeatures = wantsFeatures
      underWay += 1
      door.port.submit(request, receiver: Receiver(batch: self, place: place))
    } catch {
      door.meter.countInvalid(pipeline: pipeline.definition.name)
      var body = ByteBuffer()
      DecisionAnswer.write(error, to: &body)
      note(place, Array(body.readableBytesView))
    }
  }

  private func note(_ place: Int, error: String, _ code: String) {
    var body = ByteBuffer()
    ErrorAnswer.write(error, code: code, to: &body)
    note(place, Array(body.readableBytesView))
  }

  private func note(_ place: Int, _ json: [UInt8]) { outcomes[place - written] = json }

  /// Gets the outcome of one request.
  private final class Receiver: DecisionReceiver {
    private let batch: DecisionBatch
    private let place: Int

    init(batch: DecisionBatch, place: Int) {
      self.batch = batch
      self.place = place
    }

    func receive(_ outcome: Result<Decision, DecisionFailure>) {
      batch.receive(outcome, place)
    }
  }

  private func receive(_ outcome: Result<Decision, DecisionFailure>, _ place: Int) {
    underWay -= 1
    door.meter.count(outcome, pipeline: pipeline.definition.name)
    guard !isAbandoned else { return }
    switch outcome {
    case .success(let decision): note(place, decision.json())
    case .failure(let failure):
      var body = ByteBuffer()
      ErrorAnswer.write(failure, to: &body)
      note(place, Array(body.readableBytesView))
    }
    if !isStepping { proceed() }
  }

  /// Writes what is next in order, and goes on or ends.
  private func proceed() {
    write()
    if items.isDone, underWay == 0 {
      if items.form == .array { answer.buffer.writeStaticString("]}") }
      var head = HTTPAnswerHead()
      head.contentType = items.form == .array ? .json : .lines
      isAbandoned = true
      return connection.finish(self, head, answer)
    }
    if !items.isDone, underWay < Self.window { turns.schedule { self.step() } }
  }

  private func write() {
    var count = 0
    while count < outcomes.count, let json = outcomes[count] {
      let isFirst = written + count == 0
      if items.form == .array, !isFirst { answer.buffer.writeStaticString(",") }
      answer.buffer.writeBytes(json)
      if items.form == .lines { answer.buffer.writeStaticString("\n") }
      count += 1
    }
    guard count > 0 else { return }
    outcomes.removeFirst(count)
    written += count
  }

  private func end(_ result: ControlAnswer) {
    isAbandoned = true
    connection.finish(self, result)
  }
}
