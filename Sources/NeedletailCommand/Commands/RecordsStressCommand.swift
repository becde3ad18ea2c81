import ArgumentParser
import Dispatch
import Foundation
import Records
import Synchronization

/// `needletail records stress`: appends records and says which were acknowledged, for the test that
/// kills it at random and then looks for them.
struct RecordsStressCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stress",
    abstract: "Appends records at a rate and prints each one that is acknowledged.",
    discussion: """
      A line is 'ID SEQUENCE' once recorded, 'ID queued' under after-response, or \
      'ID duplicate OWN' where the request was recorded under ID before. Failures go to \
      the standard error stream.
      """,
    shouldDisplay: false)

  @Option(help: "The file of records.")
  var path: String

  @Option(help: "Records a second; 0 is as fast as the queue takes them.")
  var rate = 5_000.0

  @Option(help: "commit, group or after-response.")
  var durability = "group"

  @Option(help: "Stop after so many records; 0 is never.")
  var count = 0

  @Option(help: "The size of each body, in bytes.")
  var body = 400

  @Option(help: "In percent: so many records repeat an earlier request.")
  var duplicates = 0

  @Option(help: "How many request ids are remembered; few have the index sorted often.")
  var remembered = 524_288

  @Flag(help: "End with status 1 at the first failure that cannot pass.")
  var exitOnFailure = false

  func validate() throws {
    guard Durability(rawValue: durability) != nil else {
      let known = Durability.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--durability is '\(durability)'; it is one of \(known)")
    }
    guard rate >= 0, body >= 16, (0...100).contains(duplicates), remembered >= 0 else {
      throw ValidationError(
        "--rate and --remembered are at least 0, --body at least 16, --duplicates 0 to 100")
    }
  }

  func run() async throws {
    var options = RecordOptions()
    options.recentRequestsMaximum = remembered
    let store = try RecordsOutput.failing { [options] in
      try RecordStore(path: path, options: options)
    }
    Terminal.complain("open \(store.statistics.lastSequence)")
    let run = RecordsStressRun(store: store, durability: Durability(rawValue: durability) ?? .group)
    let start = DispatchTime.now().uptimeNanoseconds
    var index = 0
    while count == 0 || index < count, !(exitOnFailure && run.hasFailed) {
      if rate > 0 {
        run.wait(until: start + UInt64(Double(index) / rate * 1e9))
      }
      let earlier = index > 0 && Int.random(in: 0..<100) < duplicates
      run.append(index, request: earlier ? Int.random(in: 0..<index) : index, bodyBytes: body)
      index += 1
    }
    store.close()
    let statistics = store.statistics
    Terminal.complain(
      "recorded \(statistics.recorded), duplicates \(statistics.duplicates), "
        + "groups \(statistics.groups), failed \(statistics.failed), lost \(statistics.lost)")
    if exitOnFailure, run.hasFailed { throw ExitCode(1) }
  }
}

/// The appends of one run.
private final class RecordsStressRun: Sendable {
  private let store: RecordStore
  private let durability: Durability
  private let failed = Atomic(false)
  /// Tells this run's ids from those of runs before it.
  private let start = Int64(Date().timeIntervalSince1970 * 1e9)
  private let contexts = (0..<3).map { RecordContext(Array("{\"fill\":\($0)}".utf8)) }

  init(store: RecordStore, durability: Durability) {
    self.store = store
    self.durability = durability
  }

  /// Whether something failed that will not pass.
  var hasFailed: Bool { failed.load(ordering: .relaxed) }

  func wait(until instant: UInt64) {
    let now = DispatchTime.now().uptimeNanoseconds
    if instant > now { Thread.sleep(forTimeInterval: Double(instant - now) / 1e9) }
  }

  func append(_ index: Int, request: Int, bodyBytes: Int) {
    let id = "\(start)-\(String(index + 1_000_000_000).dropFirst())"
    let fill = String(repeating: "x", count: bodyBytes - 12)
    let record = DecisionRecord(
      id: id, requestID: "\(start)-request-\(request)", pipeline: "stress",
      pipelineDigest: String(repeating: "0", count: 64), decidedAt: start + Int64(index) * 1_000,
      outcome: index % 3 == 0 ? "decline" : "approve", isDegraded: index % 7 == 0,
      body: Array("{\"fill\":\"\(fill)\"}".utf8),
      context: index % 5 == 0 ? nil : contexts[index % contexts.count])
    while true {
      do throws(RecordFailure) {
        try store.append(record, durability: durability) { [self] in say($0, id) }
        return
      } catch {
        guard case .full = error else {
          say(.failure(error), id)
          return
        }
        Thread.sleep(forTimeInterval: 0.001)
      }
    }
  }

  private func say(_ result: Result<AppendOutcome, RecordFailure>, _ id: String) {
    switch result {
    case .success(.recorded(let sequence, _)): Terminal.say("\(id) \(sequence)")
    case .success(.queued): Terminal.say("\(id) queued")
    case .success(.duplicate(let record)): Terminal.say("\(record.id) duplicate \(id)")
    case .failure(let failure):
      Terminal.complain("\(id) failed \(failure.reason)")
      switch failure {
      case .diskFull, .busy, .full: break
      default: failed.store(true, ordering: .relaxed)
      }
    }
  }
}
