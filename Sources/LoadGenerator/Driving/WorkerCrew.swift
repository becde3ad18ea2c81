internal import NIOCore

/// The workers of one run, each on its loop. Any thread.
struct WorkerCrew: Sendable {
  private struct Member: Sendable {
    var loop: any EventLoop
    var worker: NIOLoopBound<LoadWorker>
  }

  private let members: [Member]

  /// A worker on each loop; not connected yet.
  init(_ plan: LoadPlan, dialer: any LoadDialer, on loops: [any EventLoop]) async
    throws(LoadFailure)
  {
    var members: [Member] = []
    for (index, loop) in loops.enumerated() {
      let made = loop.submit {
        let worker = LoadWorker(
          plan, share: LoadWorker.Share(index: index, of: loops.count), dialer: dialer, on: loop)
        return NIOLoopBound(worker, eventLoop: loop)
      }
      do {
        members.append(Member(loop: loop, worker: try await made.get()))
      } catch {
        throw LoadFailure("the sending threads have ended: \(error)")
      }
    }
    guard !members.isEmpty else { throw LoadFailure("there is no thread to send from") }
    self.members = members
  }

  /// Opens the first connections of all workers, for at most `limit` nanoseconds.
  ///
  /// - Throws: ``LoadFailure`` if not one opened, or `stop` was raised.
  func open(within limit: Int64, stop: StopSignal) async throws(LoadFailure) {
    let all = members.map { member in
      let promise = member.loop.makePromise(of: (opened: Int, reason: String).self)
      member.loop.execute {
        member.worker.value.open(within: limit) { promise.succeed((opened: $0, reason: $1)) }
      }
      return promise.futureResult
    }
    let handler = stop.whenStopped { shutDown() }
    defer { stop.remove(handler) }
    var opened = 0
    var reason = ""
    for future in all {
      guard let result = try? await future.get() else { continue }
      opened += result.opened
      reason = result.reason
    }
    if stop.isRaised { throw LoadFailure("stopped by the user before the first request") }
    guard opened > 0 else {
      shutDown()
      throw LoadFailure(
        "no connection to the target could be opened within \(DurationText.format(limit)): "
          + reason)
    }
  }

  /// Sends from `start` on, in nanoseconds of the loops' clock; returns when all have ended.
  func run(from start: Int64) async -> [WorkerReport] {
    let all = members.map { member in
      let promise = member.loop.makePromise(of: WorkerReport.self)
      member.loop.execute {
        member.worker.value.start(at: start) { promise.succeed($0) }
      }
      return promise.futureResult
    }
    var reports: [WorkerReport] = []
    for future in all {
      if let report = try? await future.get() { reports.append(report) }
    }
    return reports
  }

  /// How it goes, over all workers.
  func progress() async -> WorkerProgress? {
    var whole: WorkerProgress?
    for member in members {
      let part = member.loop.submit { member.worker.value.takeProgress() }
      guard let part = try? await part.get() else { continue }
      if whole == nil { whole = part } else { whole?.merge(part) }
    }
    return whole
  }

  /// Ends the run early; results are kept.
  func stop(_ reason: String) {
    for member in members { member.loop.execute { member.worker.value.stop(reason) } }
  }

  /// Ends everything at once.
  func shutDown() {
    for member in members { member.loop.execute { member.worker.value.shutDown() } }
  }
}
