import NIOCore
import NIOEmbedded
import Timing

@testable import LoadGenerator

/// One worker and its server on a simulated clock.
final class WorkerHarness {
  static let millisecond: Int64 = 1_000_000
  static let second: Int64 = 1_000_000_000
  /// When requests begin to be due.
  static let start: Int64 = 50 * millisecond

  let loop = EmbeddedEventLoop()
  let server: ScriptedServer
  let worker: LoadWorker
  private(set) var report: WorkerReport?
  private(set) var opened: (count: Int, reason: String)?

  init(_ plan: LoadPlan, _ prepare: (ScriptedServer) -> Void = { _ in }) {
    server = ScriptedServer(on: loop)
    prepare(server)
    worker = LoadWorker(
      plan, share: LoadWorker.Share(), dialer: ScriptedDialer(server), on: loop)
  }

  var recording: LoadRecording? { report?.recording }

  /// Runs to the end, or until `limit` nanoseconds have passed; `look` is called every millisecond.
  @discardableResult
  func run(limit: Int64 = 60 * second, _ look: (LoadWorker) -> Void = { _ in }) -> LoadRecording? {
    begin()
    while report == nil, server.now < limit {
      loop.advanceTime(by: .milliseconds(1))
      look(worker)
    }
    return recording
  }

  /// Opens the connections and starts, without letting time pass beyond the start.
  func begin() {
    worker.open(within: 5 * Self.second) { [unowned self] in opened = (count: $0, reason: $1) }
    loop.advanceTime(to: .uptimeNanoseconds(UInt64(Self.start / 2)))
    worker.start(at: Self.start) { [unowned self] in report = $0 }
    loop.run()
  }

  /// A plan with one entry of nothing.
  static func plan(
    _ pacing: LoadPlan.Pacing, seconds: Double = 1, connections: Int = 400
  ) -> LoadPlan {
    var plan = LoadPlan(
      pacing: pacing, entries: [entry("only")],
      durationNanoseconds: Int64(seconds * Double(second)))
    plan.connections = connections
    plan.windowNanoseconds = 100 * millisecond
    return plan
  }

  static func entry(
    _ name: String, index: Int = 0, weight: Double = 1, deadline: Int64? = nil
  ) -> LoadPlan.Entry {
    let request = PreparedRequest(
      entry: index, payload: .http(HTTPRequestBytes(bytes: ByteBuffer(string: "request"))))
    return LoadPlan.Entry(
      name: name, weight: weight, requests: [request], deadlineNanoseconds: deadline)
  }

  /// The value that a fraction of all values does not exceed.
  static func quantile(_ quantile: Double, of values: [Int64]) -> Int64 {
    let sorted = values.sorted()
    let rank = Int((quantile * Double(sorted.count)).rounded(.up))
    return sorted[max(1, min(rank, sorted.count)) - 1]
  }
}

extension LoadRecording {
  /// Whether every request that was due has ended in one way, in all tables.
  var isConserved: Bool {
    let all = [counts] + entries.map(\.counts)
    let sums = all.allSatisfy { $0.offered == $0.ended.reduce(0, +) }
    var inWindows = OutcomeCounts()
    for window in windows { inWindows.merge(window.counts) }
    var inEntries = OutcomeCounts()
    for entry in entries { inEntries.merge(entry.counts) }
    return sums && inWindows == counts && inEntries == counts
      && latency.count == counts[.ok] && service.count == counts[.ok]
      && refusal.count == counts[.refused] + counts[.expired]
  }
}
