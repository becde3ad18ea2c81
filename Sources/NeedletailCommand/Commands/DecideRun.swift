import Decisions
import Foundation
import NIOCore
import Records
import Timing

/// Decides the lines of a file one after the other, on one event loop.
final class DecideRun: DecisionReceiver {
  /// Problems of requests that are told one by one.
  private static let problemsMax = 20

  private let lines: DecideLines
  private let name: String
  private let wantsFeatures: Bool
  private let sink: DecideSink
  private let port: DecisionPort
  private let pipeline: Pipeline
  private let store: RecordStore?
  private let isolated: NIOIsolatedEventLoop
  private let promise: EventLoopPromise<DecideSummary>
  private var summary: DecideSummary
  private var decided = 0

  init(
    _ lines: DecideLines, name: String, wantsFeatures: Bool, sink: DecideSink,
    port: DecisionPort, pipeline: Pipeline, store: RecordStore?, loop: any EventLoop,
    promise: EventLoopPromise<DecideSummary>
  ) {
    self.lines = lines
    self.name = name
    self.wantsFeatures = wantsFeatures
    self.sink = sink
    self.port = port
    self.pipeline = pipeline
    self.store = store
    self.promise = promise
    isolated = loop.assumeIsolated()
    summary = DecideSummary(pipeline.definition)
  }

  /// Sends the next request that is right, or ends.
  func next() {
    do {
      if try submitNext() { return }
      summary.end(pipeline.currentState())
      try sink.close()
      promise.succeed(summary)
    } catch {
      promise.fail(error)
    }
  }

  /// Sends the next request that is right; `false` after the last.
  private func submitNext() throws -> Bool {
    while let (line, bytes) = try lines.next() {
      do throws(InputProblems) {
        let received = MonotonicInstant.now()
        let input = try InputReader.read(bytes, pipeline.definition.inputs)
        var request = DecisionRequest(
          pipeline: pipeline, input: input, receivedAt: received, wallTime: Self.wallTime())
        // A file from the past is decided as it would have been then.
        request.wallTime = request.eventTime
        request.wantsFeatures = wantsFeatures
        request.waitsForRecord = true
        summary.begin()
        port.submit(request, receiver: self)
        return true
      } catch {
        summary.wrong += 1
        for problem in error.problems where summary.wrong <= Self.problemsMax {
          Terminal.complain("\(name):\(line): \(problem)")
        }
      }
    }
    return false
  }

  func receive(_ outcome: Result<Decision, DecisionFailure>) {
    switch outcome {
    case .success(let decision):
      summary.add(decision)
      do {
        try sink.write(decision)
      } catch {
        return promise.fail(error)
      }
    case .failure(let failure):
      summary.undecided += 1
      if summary.undecided <= Self.problemsMax {
        Terminal.complain("\(name):\(lines.line): \(failure.code.rawValue): \(failure.message)")
      }
    }
    // Not from within the port: a file has more lines than a stack has frames.
    decided += 1
    if decided % 1_024 == 0, let store, store.statistics.queuedRows > 2_048 {
      // A file is in no hurry: the disk comes along.
      isolated.scheduleTask(in: .milliseconds(50)) { [self] in next() }
    } else {
      isolated.execute { [self] in next() }
    }
  }

  private static func wallTime() -> Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }
}

/// The lines of a file, blank ones passed over.
final class DecideLines {
  private let path: String
  private let file: FileHandle
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  /// The number of the line read last, from 1.
  private(set) var line = 0

  /// - Throws: ``StartFailure`` if the file cannot be opened.
  init(_ path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw StartFailure("--events \(path) cannot be opened; check the path")
    }
    self.path = path
    self.file = file
  }

  /// The next line that is not blank, and its number.
  ///
  /// - Throws: ``StartFailure`` if the file cannot be read: what was decided is not all of it.
  func next() throws -> (line: Int, bytes: [UInt8])? {
    while let bytes = try nextLine() {
      line += 1
      if !bytes.isEmpty, bytes != [UInt8(ascii: "\r")] { return (line, Array(bytes)) }
    }
    return nil
  }

  private func nextLine() throws -> ArraySlice<UInt8>? {
    while true {
      if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return buffer[start..<end]
      }
      guard !isAtEnd else {
        defer { start = buffer.count }
        return start < buffer.count ? buffer[start...] : nil
      }
      buffer.removeSubrange(..<start)
      start = 0
      let data = try read()
      if data.isEmpty { isAtEnd = true } else { buffer.append(contentsOf: data) }
    }
  }

  /// What the system says of a failed read.
  private static func cause(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
    return (underlying ?? error).localizedDescription
  }

  private func read() throws -> Data {
    do {
      return try file.read(upToCount: 1 << 18) ?? Data()
    } catch {
      throw StartFailure("--events \(path) cannot be read after line \(line): \(Self.cause(error))")
    }
  }
}

/// Where decisions are written: a file, the standard output or nowhere.
final class DecideSink {
  private let file: FileHandle?
  private var buffer: [UInt8] = []

  init(_ path: String?) throws {
    guard let path else {
      file = nil
      return
    }
    if path == "-" {
      file = .standardOutput
      return
    }
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let handle = FileHandle(forWritingAtPath: path)
    else { throw StartFailure("--output \(path) cannot be written; check its folder") }
    file = handle
  }

  func write(_ decision: Decision) throws {
    guard file != nil else { return }
    try write(line: decision.json())
  }

  /// Writes a line of JSON.
  func write(line: [UInt8]) throws {
    guard file != nil else { return }
    buffer += line
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count > 1 << 18 { try flush() }
  }

  func close() throws { try flush() }

  private func flush() throws {
    if let file, !buffer.isEmpty { try file.write(contentsOf: Data(buffer)) }
    buffer.removeAll(keepingCapacity: true)
  }
}
