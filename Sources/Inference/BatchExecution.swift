internal import Batching
internal import ModelRuntimes
private import Tensors
internal import Timing

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// Runs one batch on one instance and cuts its outputs into answers.
///
/// A batch that fails is run again by halves, so that one bad request cannot harm those it happened
/// to share a batch with, and costs about two more runs for each doubling of the batch.
struct BatchExecution {
  typealias Outcome = Result<InferenceOutputs, InferenceError>

  let instance: any ModelInstance
  let shard: StatisticsShard
  /// Whether the first dimension of each output is the batch's.
  let batches: Bool

  /// Runs the requests together; sets their stages; returns one outcome each, in order.
  func run(
    _ requests: [InferenceRequest], rows: Int, dispatched: MonotonicInstant,
    gateOpenedAt: MonotonicInstant?
  ) -> [Outcome] {
    for request in requests {
      request.stages.dispatched = dispatched
      request.batchRows = rows
      if let gateOpenedAt {
        let waitedSince = max(gateOpenedAt, request.stages.enqueued)
        request.stages.batchWaitNanoseconds = max(0, dispatched.since(waitedSince))
      }
    }
    do throws(RuntimeFailure) {
      let result = try instance.run(requests.map(\.inputs))
      guard requests.count == 1 || splits(result, requests) else {
        return runAlone(requests)
      }
      let outcomes = scatter(result, requests)
      stamp(requests, result)
      shard.recordBatch(requests, rows: rows, wallMilliseconds: Self.wallMilliseconds())
      return outcomes
    } catch {
      if requests.count > 1 { return runHalves(requests) }
      let failure = InferenceError(failure: error)
      for request in requests { recordFailure(of: request, failure) }
      return [.failure(failure)]
    }
  }

  /// Whether the requests ran as one batch to its end: only then its time says what a run costs.
  static func ranTogether(_ requests: [InferenceRequest], rows: Int, _ outcomes: [Outcome])
    -> Bool
  {
    guard let request = requests.first, case .success? = outcomes.first else { return false }
    return request.batchRows == rows
  }

  private func runHalves(_ requests: [InferenceRequest]) -> [Outcome] {
    let middle = requests.count / 2
    return [requests[..<middle], requests[middle...]].flatMap { half in
      run(
        Array(half), rows: half.reduce(0) { $0 + max(1, $1.rows) }, dispatched: .now(),
        gateOpenedAt: nil)
    }
  }

  private func runAlone(_ requests: [InferenceRequest]) -> [Outcome] {
    requests.flatMap { request in
      run([request], rows: request.rows, dispatched: .now(), gateOpenedAt: nil)
    }
  }

  private func recordFailure(of request: InferenceRequest, _ failure: InferenceError) {
    request.stages.completed = .now()
    shard.recordError(
      failure.code, nanoseconds: request.stages.completed.since(request.stages.received))
  }

  /// Whether every output has one row for each row of the batch.
  private func splits(_ result: RunResult, _ requests: [InferenceRequest]) -> Bool {
    let rows = requests.reduce(0) { $0 + $1.rows }
    return batches
      && result.outputs.allSatisfy { $0.shape.rank >= 1 && $0.shape[0] == rows }
  }

  private func scatter(_ result: RunResult, _ requests: [InferenceRequest]) -> [Outcome] {
    if requests.count == 1 { return [.success(InferenceOutputs(tensors: result.outputs))] }
    var row = 0
    return requests.map { request in
      let range = row..<(row + request.rows)
      row = range.upperBound
      return .success(InferenceOutputs(tensors: result.outputs.map { $0.rows(range) }))
    }
  }

  private func stamp(_ requests: [InferenceRequest], _ result: RunResult) {
    let completed = MonotonicInstant.now()
    for request in requests {
      request.stages.runStarted = result.runStarted
      request.stages.runEnded = result.runEnded
      request.stages.completed = completed
    }
  }

  private static func wallMilliseconds() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) &* 1_000 &+ UInt64(time.tv_nsec) / 1_000_000
  }
}

extension InferenceError {
  /// The caller's error for what the runtime reported.
  init(failure: RuntimeFailure) {
    switch failure.code {
    case .invalidInput: self.init(.invalidArgument, failure.message)
    case .unsupported: self.init(.unsupported, failure.message)
    case .libraryUnavailable, .invalidModel, .runFailed: self.init(.runFailed, failure.message)
    }
  }
}
