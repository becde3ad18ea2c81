import Foundation
import Synchronization

@testable import Records

/// A folder that ends with the test.
final class RecordFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/records-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var file: String { path + "/records.sqlite" }

  func bytes(_ suffix: String = "") throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: file + suffix)))
  }

  func write(_ bytes: [UInt8], _ suffix: String = "") throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file + suffix))
  }

  /// The database and its log as they are now, as after a crash, in a folder of their own.
  func crashedCopy() throws -> RecordFolder {
    let copy = try RecordFolder()
    for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: file + suffix) {
      try copy.write(bytes(suffix), suffix)
    }
    return copy
  }
}

/// SplitMix64: a failure repeats with its seed.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

extension DecisionRecord {
  /// The record of number `index`; its request is `r<index>` unless given.
  static func sample(
    _ index: Int, request: String? = "", pipeline: String = "cards", bodyBytes: Int = 40
  ) -> DecisionRecord {
    DecisionRecord(
      id: "d\(index)", requestID: request == "" ? "r\(index)" : request, pipeline: pipeline,
      pipelineDigest: "5f2a", decidedAt: 1_000 + Int64(index) * 10,
      outcome: index.isMultiple(of: 3) ? "decline" : "approve",
      isDegraded: index.isMultiple(of: 5),
      body: Array(
        "{\"n\":\(index),\"fill\":\"\(String(repeating: "ä", count: bodyBytes / 2))\"}".utf8),
      context: index % 4 == 3 ? RecordContext(Array("{\"kind\":\(index % 8)}".utf8)) : nil)
  }
}

extension RecordStore {
  /// Appends and waits for the answer without holding a thread.
  func append(
    _ record: DecisionRecord, _ durability: Durability = .commit
  ) async -> Result<AppendOutcome, RecordFailure> {
    await withCheckedContinuation { continuation in
      do throws(RecordFailure) {
        try append(record, durability: durability) { continuation.resume(returning: $0) }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
  }

  /// Appends all of them at once and waits for every answer.
  func appendAll(
    _ records: [DecisionRecord], _ durability: Durability = .group
  ) async -> [Result<AppendOutcome, RecordFailure>] {
    await withTaskGroup(of: (Int, Result<AppendOutcome, RecordFailure>).self) { group in
      for (index, record) in records.enumerated() {
        group.addTask { (index, await self.append(record, durability)) }
      }
      var results = records.map { _ in Result<AppendOutcome, RecordFailure>.failure(.closed) }
      for await (index, result) in group { results[index] = result }
      return results
    }
  }
}

extension RecordOptions {
  /// With little to set up, for tests that open many files.
  static var small: RecordOptions {
    var options = RecordOptions()
    options.recentRequestsMaximum = 256
    return options
  }
}

/// A file of `count` records, closed.
func makeRecords(_ count: Int, in folder: RecordFolder, bodyBytes: Int = 40) async throws {
  let store = try RecordStore(path: folder.file, options: .small)
  _ = await store.appendAll((0..<count).map { .sample($0, bodyBytes: bodyBytes) })
  store.close()
}

/// A target that fails as it is told, and never touches a disk.
struct ScriptedTarget: RecordTarget {
  /// What each commit does, in order; afterwards all succeed.
  final class Script: Sendable {
    let failures: Mutex<[RecordFailure?]>
    let commits = Mutex<[[String]]>([])
    private let closed = Atomic(false)
    var isClosed: Bool { closed.load(ordering: .relaxed) }
    func close() { closed.store(true, ordering: .relaxed) }
    init(_ failures: [RecordFailure?]) { self.failures = Mutex(failures) }
  }

  let script: Script
  var chain = HashChain(sequence: 0, hash: Array(repeating: 0, count: 32))

  init(_ script: Script) { self.script = script }

  mutating func commit(
    _ group: [DecisionRecord]
  ) throws(RecordFailure) -> [Result<AppendOutcome, RecordFailure>] {
    script.commits.withLock { $0.append(group.map(\.id)) }
    let failure = script.failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    if let failure { throw failure }
    var scratch: [UInt8] = []
    return group.map { record in
      chain = chain.next(record, scratch: &scratch)
      return .success(.recorded(sequence: chain.sequence, hash: chain.hash))
    }
  }

  mutating func prune(before instant: Int64) throws(RecordFailure) -> PruneReport { PruneReport() }
  func checkpoint() throws(RecordFailure) {}
  func close() throws(RecordFailure) { script.close() }
}
