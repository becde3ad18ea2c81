internal import Features
internal import NIOCore
internal import Timing

/// Hears how far an ``EventIntake`` is.
protocol EventIntakeOwner: AnyObject {
  /// Everything was handed to the store.
  func taken(_ intake: EventIntake)
  /// Everything is durable, or not all of it will be. The last that is heard.
  func ended(_ intake: EventIntake, _ result: Result<IntakeCounts, CallFailure>)
}

/// What one intake after another uses again.
final class EventScratch {
  private var table: IntakeTable?
  fileprivate var records: [EventRecord] = []
  fileprivate var outcomes: [IngestOutcome] = []
  /// By record of the slice at hand: its place in the request.
  fileprivate var places: [Int] = []
  fileprivate var values = ValueEntries()

  fileprivate func prepare(_ table: IntakeTable) {
    if self.table?.store !== table.store || self.table?.kind != table.kind { records = [] }
    self.table = table
  }
}

/// Takes the events or attributes of one request in, in slices; all are answered together once all
/// are durable. Confined to its event loop.
final class EventIntake {
  /// The most events of one request.
  static let eventsMax = 1_000_000
  /// Bytes of one event.
  static let eventBytesMax = 1 << 20
  /// Slices that may wait for the disk.
  private static let window = 32
  /// How long a full queue of the disk is waited for.
  private static let patienceNanoseconds: Int64 = 5_000_000_000
  /// Between two tries.
  private static let retryPause = TimeAmount.milliseconds(1)

  let ticket: Int
  private let table: IntakeTable
  private let message: ByteBuffer
  private let parts: [FieldSpan]
  private let eventLoop: any EventLoop
  private let scratch: EventScratch
  private weak var owner: (any EventIntakeOwner)?
  private var turns: BodyTurns
  private var counts = IntakeCounts()
  private var next = 0
  /// Records of a slice that the store had no room for.
  private var held = 0
  private var patience = MonotonicInstant.distantFuture
  /// Slices that are not durable.
  private var underWay = 0
  private var failure: StoreFailure?
  private var isTaken = false
  private var isEnded = false

  /// - Parameters:
  ///   - ticket: what the owner knows it by.
  ///   - parts: where the events lie in `message`; each is an `Event`.
  ///   - scratch: of nobody else until this is taken.
  init(
    _ ticket: Int, _ table: IntakeTable, _ message: ByteBuffer, _ parts: [FieldSpan],
    on eventLoop: any EventLoop, scratch: EventScratch, owner: any EventIntakeOwner
  ) {
    self.ticket = ticket
    self.table = table
    self.message = message
    self.parts = parts
    self.eventLoop = eventLoop
    self.scratch = scratch
    self.owner = owner
    turns = BodyTurns(eventLoop)
    scratch.prepare(table)
  }

  /// How many events there are.
  var count: Int { parts.count }
  /// Bytes of the request.
  var bytes: Int { message.readableBytes }

  /// Takes the first slice, and schedules the next.
  func start() { step() }

  private func step() {
    turns.begin()
    // Nobody waits for the answer: what has not begun does not.
    guard owner != nil, failure == nil else { return }
    if held > 0 { take(held) } else { take(readSlice()) }
    proceed()
  }

  /// Reads the next events; how many are fine.
  private func readSlice() -> Int {
    scratch.places.removeAll(keepingCapacity: true)
    let message = message
    let bytes = message.readableBytesUInt8Span
    var budget = TurnBudget()
    while next < parts.count, budget.hasRoom {
      budget.spend(bytes: parts[next].count)
      if let problem = read(parts[next], bytes) {
        counts.refuse(problem, line: next + 1)
      } else {
        scratch.places.append(next)
      }
      next += 1
    }
    return scratch.places.count
  }

  private func read(_ span: FieldSpan, _ bytes: Span<UInt8>) -> String? {
    guard span.count <= Self.eventBytesMax else {
      return "has \(span.count) bytes; the most is \(Self.eventBytesMax)"
    }
    do throws(ProtobufError) {
      try scratch.values.read(messageWithMap: span, bytes)
    } catch {
      return "is not a valid Event: \(error.message)"
    }
    let index = scratch.places.count
    if index == scratch.records.count { scratch.records.append(EventRecord(table.schema)) }
    do throws(RecordMessageProblem) {
      try scratch.values.fill(&scratch.records[index], table.schema, bytes)
    } catch {
      return error.message
    }
    return nil
  }

  /// Hands records to the store; holds them if there is no room.
  private func take(_ count: Int) {
    guard count > 0 else { return }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let eventLoop = eventLoop
    underWay += 1
    do throws(StoreFailure) {
      try table.take(scratch.records[..<count], into: &scratch.outcomes) { result in
        eventLoop.execute { bound.value.stored(result) }
      }
      for (index, outcome) in scratch.outcomes.enumerated() {
        counts.count(outcome, line: scratch.places[index] + 1, of: table)
      }
      held = 0
      patience = .distantFuture
    } catch {
      underWay -= 1
      guard error == .full else { return fail(error) }
      let now = MonotonicInstant.now()
      if held == 0 { patience = now.advanced(byNanoseconds: Self.patienceNanoseconds) }
      held = count
      if now > patience { fail(error) }
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
    guard let owner, !isEnded else { return }
    let isComplete = failure != nil || next == parts.count && held == 0
    if isComplete, !isTaken {
      isTaken = true
      owner.taken(self)
    }
    if isComplete, underWay == 0 {
      isEnded = true
      owner.ended(self, failure.map { .failure(CallFailure($0)) } ?? .success(counts))
    } else if !isComplete, underWay < Self.window {
      if held > 0 {
        turns.schedule(after: Self.retryPause) { self.step() }
      } else {
        turns.schedule { self.step() }
      }
    }
  }
}
