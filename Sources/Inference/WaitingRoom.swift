internal import Batching
internal import Timing

/// A batch queue together with the requests that its entries stand for.
///
/// The queue decides over plain numbers; this keeps the requests by slot and the shapes by class.
/// A value: whoever holds it guards it, by a mutex or by being confined to one thread.
struct WaitingRoom: Sendable {
  /// Shapes remembered at most. Forgetting is harmless: a class that comes back gets a new number.
  private static let shapesMax = 1_024

  private(set) var queue: BatchQueue
  private var requests: [InferenceRequest?] = []
  private var freeSlots: [Int] = []
  private var shapeClasses: [[Int]: Int] = [:]
  private var nextShapeClass = 1

  init(policy: BatchPolicy, instances: Int, curve: LatencyCurve) {
    queue = BatchQueue(policy: policy, instances: instances, curve: curve)
  }

  /// Lets a request in, or throws why not.
  mutating func enqueue(_ request: InferenceRequest, now: MonotonicInstant)
    throws(BatchQueue.Refusal)
  {
    let arrival = Arrival(
      rows: request.rows, bytes: request.byteCount, priority: request.priority,
      deadline: request.deadline, shapeClass: shapeClass(of: request))
    let slot = freeSlots.last ?? requests.count
    request.ticket = try queue.enqueue(slot, arrival, now: now)
    if slot == requests.count {
      requests.append(request)
    } else {
      freeSlots.removeLast()
      requests[slot] = request
    }
  }

  /// Takes a request out; `false` if it no longer waits.
  mutating func cancel(_ request: InferenceRequest) -> Bool {
    guard let entry = queue.cancel(ticket: request.ticket) else { return false }
    _ = take(entry)
    return true
  }

  /// Takes out the requests whose deadline has passed, each with when it arrived.
  mutating func expire(now: MonotonicInstant) -> [(InferenceRequest, MonotonicInstant)] {
    queue.expire(now: now).map { (take($0), $0.enqueuedAt) }
  }

  /// What an idle instance does now.
  mutating func next(now: MonotonicInstant) -> NextStep { queue.next(now: now) }

  /// Takes out the requests of a batch, in its order.
  mutating func take(_ batch: Batch) -> [InferenceRequest] { batch.entries.map { take($0) } }

  /// Reports the end of a batch.
  mutating func finish(batch number: UInt64, rows: Int, nanoseconds: Int64?) {
    queue.finish(batch: number, rows: rows, nanoseconds: nanoseconds)
  }

  /// Lets nobody in any more.
  mutating func drain() { queue.drain() }

  private mutating func take(_ entry: QueueEntry) -> InferenceRequest {
    guard let request = requests[entry.slot] else {
      preconditionFailure("slot \(entry.slot) of ticket \(entry.ticket) holds no request")
    }
    requests[entry.slot] = nil
    freeSlots.append(entry.slot)
    return request
  }

  /// The number of the request's shape; 0, at no cost, where the model fixes all shapes.
  private mutating func shapeClass(of request: InferenceRequest) -> Int {
    let key = request.version.shapeKey(request.inputs)
    if key.isEmpty { return 0 }
    if let known = shapeClasses[key] { return known }
    if shapeClasses.count >= Self.shapesMax { shapeClasses.removeAll() }
    defer { nextShapeClass += 1 }
    shapeClasses[key] = nextShapeClass
    return nextShapeClass
  }
}
