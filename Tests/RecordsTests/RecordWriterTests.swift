import Dispatch
import Synchronization
import Testing
import Timing

@testable import Records

@Suite struct RecordWriterTests {
  private func makeWriter(
    _ script: ScriptedTarget.Script, _ change: (inout RecordOptions) -> Void = { _ in }
  ) -> RecordWriter {
    var options = RecordOptions()
    options.recentRequestsMaximum = 64
    change(&options)
    let queue = RecordQueue(
      options: options, recent: RecentRequests(capacity: 64), remembersAll: true)
    let writer = RecordWriter(queue)
    writer.start(ScriptedTarget(script), copier: nil)
    return writer
  }

  private func append(
    _ writer: RecordWriter, _ index: Int, _ durability: Durability = .commit
  ) async -> Result<AppendOutcome, RecordFailure> {
    await withCheckedContinuation { continuation in
      let queued = QueuedRecord(
        .sample(index), durability: durability, due: .now(),
        completion: { continuation.resume(returning: $0) })
      switch writer.offer(queued, key: nil, now: .now()) {
      case .refused(let failure): continuation.resume(returning: .failure(failure))
      case .duplicate(let record): continuation.resume(returning: .success(.duplicate(record)))
      case .accepted:
        if durability == .afterResponse { continuation.resume(returning: .success(.queued)) }
      }
    }
  }

  private func close(_ writer: RecordWriter) {
    writer.end()
    writer.join()
  }

  @Test func `a failed fsync ends everything, and is not tried again`() async {
    let script = ScriptedTarget.Script([nil, .durability("fsync: error 5")])
    let writer = makeWriter(script)
    guard case .success = await append(writer, 1) else {
      Issue.record("the first failed")
      return
    }
    #expect(await append(writer, 2) == .failure(.durability("fsync: error 5")))
    #expect(await append(writer, 3) == .failure(.durability("fsync: error 5")))
    #expect(writer.statistics.failure == .durability("fsync: error 5"))
    #expect(throws: RecordFailure.durability("fsync: error 5")) {
      try writer.offer(PruneJob(before: 1))
    }
    close(writer)
    #expect(script.commits.withLock { $0 } == [["d1"], ["d2"]])
    #expect(!script.isClosed)
    #expect(writer.statistics.recorded == 1)
    #expect(writer.statistics.failed == 1)
    #expect(writer.statistics.refused == 1)
  }

  @Test func `after a full disk it goes on by itself, and keeps what was promised later`() async {
    let script = ScriptedTarget.Script([.diskFull("no space"), .diskFull("no space")])
    let writer = makeWriter(script) { $0.pauseNanoseconds = 2_000_000 }
    #expect(await append(writer, 1, .afterResponse) == .success(.queued))
    // Until the record that nobody waits for is on the disk, the disk is full twice.
    var results: [Result<AppendOutcome, RecordFailure>] = []
    var index = 2
    repeat {
      results.append(await append(writer, index))
      index += 1
    } while results.last.map { if case .failure = $0 { true } else { false } } ?? false
    for case .failure(let failure) in results { #expect(failure.reason == "disk_full") }
    close(writer)
    let commits = script.commits.withLock { $0 }
    #expect(commits.count >= 3)
    let last = commits.dropFirst(2).flatMap { $0 }
    #expect(last.first == "d1")
    #expect(writer.statistics.lost == 0)
    #expect(writer.statistics.recorded == UInt64(last.count))
    #expect(script.isClosed)
  }

  @Test func `closing with a full disk says what was lost`() async {
    let script = ScriptedTarget.Script(Array(repeating: .diskFull("no space"), count: 10))
    let writer = makeWriter(script) { $0.pauseNanoseconds = .max / 4 }
    #expect(await append(writer, 1) == .failure(.diskFull("no space")))
    let refused = await append(writer, 2, .afterResponse)
    #expect(refused == .failure(.diskFull("no space")))
    close(writer)
    let lazy = makeWriter(ScriptedTarget.Script(Array(repeating: .diskFull("x"), count: 10)))
    #expect(await append(lazy, 3, .afterResponse) == .success(.queued))
    close(lazy)
    #expect(lazy.statistics.lost == 1)
    #expect(lazy.statistics.queuedRows == 0)
  }

  @Test func `a busy file fails what is awaited and goes on`() async {
    let script = ScriptedTarget.Script([.busy("locked")])
    let writer = makeWriter(script) { $0.pauseNanoseconds = 0 }
    #expect(await append(writer, 1) == .failure(.busy("locked")))
    guard case .success = await append(writer, 2) else {
      Issue.record("still busy")
      return
    }
    close(writer)
  }
}
