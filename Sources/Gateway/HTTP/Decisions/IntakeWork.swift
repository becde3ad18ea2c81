internal import Features
internal import NIOCore
internal import Timing

/// Events or attributes of one body: taken in in slices, answered once all are durable.
final class IntakeWork: BodyWork {
  /// The most records of one body.
  static let recordsMax = 1_000_000
  /// Slices that may wait for the disk.
  private static let window = 32
  /// How long a full queue of the disk is waited for.
  private static let patienceNanoseconds: Int64 = 5_000_000_000
  /// Between two tries.
  private static let retryPause = TimeAmount.milliseconds(1)

  private unowned let connection: HTTPConnectionHandler
  private let door: DecisionDoor
  private let table: IntakeTable
  private let decoder: RecordDecoder
  private var items: BodyItems
  private var turns: BodyTurns
  private var counts = IntakeCounts()
  private var outcomes: [IngestOutcome] = []
  /// By record of the slice at hand: its line.
  private var lines: [Int] = []
  /// A slice that the store had no room for.
  private var held: [EventRecord] = []
  private var patience = MonotonicInstant.distantFuture
  /// Slices that are not durable.
  private var underWay = 0
  private var failure: StoreFailure?
  /// Whether it is answered, or nobody waits for the answer: turns that still come do nothing, and
  /// the connection may be gone.
  private var isAbandoned = false
  private var isCancelled = false

  init(
    _ items: BodyItems, table: IntakeTable, door: DecisionDoor,
    connection: HTTPConnectionHandler
  ) {
    self.items = items
    self.table = table
    self.door = door
    self.connection = connection
    decoder = door.decoder(table)
    turns = BodyTurns(door.eventLoop)
  }

  func start() { step() }

  func abandon() { isAbandoned = true }

  func cancel() { isCancelled = true }

  private func step() {
    turns.begin()
    guard !isAbandoned, failure == nil else { return }
    guard items.isScanned else { return scan() }
    if !isCancelled {
      if held.isEmpty {
        let count = readSlice()
        if count > 0 { take(decoder.records[..<count]) }
      } else {
        take(held[...])
      }
    }
    proceed()
  }

  private func scan() {
    do {
      try items.scan()
      turns.schedule { self.step() }
    } catch let error as JSONError {
      end(ControlAnswer(status: 400, error: error.message, code: "INVALID_ARGUMENT"))
    } catch {
      let text = "the body holds more than \(Self.recordsMax) records; send fewer at a time"
      end(ControlAnswer(status: 413, error: text, code: "INVALID_ARGUMENT"))
    }
  }

  /// Decodes the next records; how many are fine.
  private func readSlice() -> Int {
    lines.removeAll(keepingCapacity: true)
    var budget = TurnBudget()
    while budget.hasRoom, let item = items.popNext() {
      budget.spend(bytes: Int(item.count))
      do throws(RecordProblem) {
        try decoder.decode(
          items.bytes(of: item), isLine: items.form == .lines, into: lines.count)
        lines.append(Int(item.line))
      } catch {
        counts.refuse(error.text, line: Int(item.line))
      }
    }
    return lines.count
  }

  /// Hands a slice to the store; keeps it if there is no room.
  private func take(_ records: ArraySlice<EventRecord>) {
    let bound = NIOLoopBound(self, eventLoop: door.eventLoop)
    let eventLoop = door.eventLoop
    underWay += 1
    do throws(StoreFailure) {
      try table.take(records, into: &outcomes) { result in
        eventLoop.execute { bound.value.stored(result) }
      }
      for (index, outcome) in outcomes.enumerated() {
        counts.count(outcome, line: lines[index], of: table)
      }
      held = []
      patience = .distantFuture
    } catch {
      underWay -= 1
      guard error == .full else { return fail(error) }
      let now = MonotonicInstant.now()
      if patience == .distantFuture {
        patience = now.advanced(byNanoseconds: Self.patienceNanoseconds)
      }
      if now > patience { return fail(error) }
      if held.isEmpty { held = Array(records) }
    }
  }

  private func stored(_ result: Result<Void, StoreFailure>) {
    underWay -= 1
    if case .failure(let error) = result { fail(error) }
    proceed()
  }

  private func fail(_ error: StoreFailure) {
    if failure == nil { failure = error }
  }

  private func proceed() {
    guard !isAbandoned else { return }
    if let failure {
      // What is counted as accepted may not be durable: only what came to an end is known.
      guard underWay == 0 else { return }
      return refuse(failure)
    }
    let isComplete = items.isDone && held.isEmpty
    if isComplete || isCancelled {
      guard underWay == 0 else { return }
      guard isComplete else { return refuseRest() }
      return end(ControlAnswer { DecisionAnswer.write(self.counts, to: &$0) })
    }
    guard underWay < Self.window else { return }
    if held.isEmpty {
      turns.schedule { self.step() }
    } else {
      turns.schedule(after: Self.retryPause) { self.step() }
    }
  }

  private func refuseRest() {
    let text = "the client closed its side before all was read; what was accepted is kept"
    end(
      ControlAnswer(status: 499) {
        DecisionAnswer.write(self.counts, error: (text, "CANCELLED"), to: &$0)
      })
  }

  private func refuse(_ failure: StoreFailure) {
    let status = WireStatus(failure)
    let text = "\(failure); what was accepted may not be kept: send all again"
    var result = ControlAnswer(status: status.http) {
      DecisionAnswer.write(self.counts, error: (text, failure.code), to: &$0)
    }
    if status.invitesRetry { result.head.retryAfterSeconds = 1 }
    end(result)
  }

  /// Answers, once: a turn may still be due.
  private func end(_ result: ControlAnswer) {
    isAbandoned = true
    connection.finish(self, result)
  }
}

extension RecordProblem {
  /// What is wrong, after its column where there is one.
  var text: String { column > 0 ? "column \(column): \(message)" : message }
}
