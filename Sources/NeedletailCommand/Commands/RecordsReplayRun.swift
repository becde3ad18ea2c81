import Decisions
import Foundation
import NIOCore
import NIOPosix
import Records
import Timing

/// Records one after the other, page by page.
struct RecordPages: Sendable {
  private let reader: RecordReader
  private let pipeline: String
  private let from: Int64?
  private let to: Int64?
  private var left: Int
  private var page: ArraySlice<StoredRecord> = []
  private var cursor: RecordCursor?
  private var isAtEnd = false

  init(_ reader: RecordReader, pipeline: String, from: Int64?, to: Int64?, limit: Int) {
    self.reader = reader
    self.pipeline = pipeline
    self.from = from
    self.to = to
    left = limit
  }

  /// The next record; `nil` at the end.
  mutating func next() throws(RecordFailure) -> StoredRecord? {
    guard left > 0 else { return nil }
    while page.isEmpty {
      guard !isAtEnd else { return nil }
      let read = try reader.list(
        pipeline: pipeline, from: from, to: to, limit: RecordReader.pageRowsMaximum, after: cursor)
      page = read.records[...]
      cursor = read.next
      isAtEnd = cursor == nil
    }
    left -= 1
    return page.removeFirst()
  }
}

/// Decides records again, one after the other, on one event loop.
final class RecordsReplayRun: DecisionReceiver {
  private var pages: RecordPages
  private let reader: ReplayReader
  private let sink: DecideSink
  private let port: DecisionPort
  private let pipeline: Pipeline
  private let isolated: NIOIsolatedEventLoop
  private let promise: EventLoopPromise<ReplayReport>
  private var report = ReplayReport()
  private var recorded: Decision?

  init(
    _ pages: RecordPages, reader: ReplayReader, sink: DecideSink, port: DecisionPort,
    pipeline: Pipeline, loop: any EventLoop, promise: EventLoopPromise<ReplayReport>
  ) {
    self.pages = pages
    self.reader = reader
    self.sink = sink
    self.port = port
    self.pipeline = pipeline
    self.promise = promise
    isolated = loop.assumeIsolated()
  }

  /// Sends the next record that can be decided, or ends.
  func next() {
    do {
      while let stored = try pages.next() {
        do throws(NotReplayable) {
          let request = try request(of: stored.record)
          return port.submit(request, receiver: self)
        } catch {
          report.add(error)
        }
      }
      try sink.close()
      promise.succeed(report)
    } catch {
      promise.fail(error)
    }
  }

  private func request(of record: DecisionRecord) throws(NotReplayable) -> DecisionRequest {
    guard let found = RecordedDecision(record) else { throw NotReplayable(.unreadable) }
    let (input, features) = try reader.request(of: found, requestID: record.requestID)
    recorded = found.decision
    var request = DecisionRequest(
      pipeline: pipeline, input: input, receivedAt: .now(), wallTime: record.decidedAt)
    request.supply = features
    return request
  }

  func receive(_ outcome: Result<Decision, DecisionFailure>) {
    switch outcome {
    case .success(let decision):
      guard let recorded else { break }
      do {
        if let flip = report.add(recorded, decision) {
          try sink.write(line: flip.json())
        }
      } catch {
        return promise.fail(error)
      }
    case .failure(let failure): report.add(NotReplayable(.undecided, failure.code.rawValue))
    }
    // Not from within the port: a file has more records than a stack has frames.
    isolated.execute { [self] in next() }
  }
}

extension DecideSession {
  /// Decides all records of `pages` again.
  func replay(
    _ pages: RecordPages, reader: ReplayReader, sink: sending DecideSink
  ) async throws -> ReplayReport {
    let (ports, pipeline) = (ports, pipeline)
    let loop = group.next()
    let promise = loop.makePromise(of: ReplayReport.self)
    let sink = NIOLoopBoundBox.makeBoxSendingValue(sink, eventLoop: loop)
    loop.execute {
      guard let port = ports.value?.decisions else {
        return promise.fail(StartFailure("the session is closed"))
      }
      RecordsReplayRun(
        pages, reader: reader, sink: sink.value, port: port, pipeline: pipeline,
        loop: loop, promise: promise
      ).next()
    }
    return try await promise.futureResult.get()
  }
}
