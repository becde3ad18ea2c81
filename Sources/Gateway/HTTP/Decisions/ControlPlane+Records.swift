internal import Decisions
internal import NIOCore
internal import Records
internal import Rules

extension ControlPlane {
  /// Records of a page where the request does not say.
  private static let pageRows = 100
  /// Records looked at for one page, whether or not they are of the outcome asked for.
  private static let rowsLookedAtMax = 20_000

  func record(
    _ id: String, _ host: DecisionHost, _ request: ControlRequest
  ) async throws(ControlError) -> ControlAnswer {
    _ = try QueryParameters(request.query, known: [])
    let store = try store(host)
    let found = try await reading { () throws(RecordFailure) in try store.find(id: id) }
    guard let found else {
      throw ControlError(
        404, "there is no record '\(id.prefix(80))'; it may wait to be written, or be too old",
        code: "NOT_FOUND")
    }
    return ControlAnswer { Self.write(found, to: &$0) }
  }

  func records(
    _ host: DecisionHost, _ request: ControlRequest
  ) async throws(ControlError) -> ControlAnswer {
    let query = try RecordQuery(request.query)
    let store = try store(host)
    if let requestID = query.requestID {
      guard let pipeline = query.pipeline else {
        throw QueryParameters.error("'request_id' needs 'pipeline': ids are unique within one")
      }
      let found = try await reading { () throws(RecordFailure) in
        try store.find(pipeline: pipeline, requestID: requestID)
      }
      return Self.page([found].compactMap(\.self).filter { query.passes($0.record) }, next: nil)
    }
    let page = try await reading { () throws(RecordFailure) in try Self.list(store, query) }
    return Self.page(page.records, next: page.next)
  }

  /// The records of a query, and where the next page starts; `nil` if this is known to be the
  /// last. A page ends before its limit once it has `RecordReader.pageBytesMaximum`. Blocks.
  static func list(
    _ store: RecordStore, _ query: RecordQuery
  ) throws(RecordFailure) -> (records: [StoredRecord], next: RecordCursor?) {
    let limit = query.limit ?? pageRows
    guard let outcome = query.outcome else {
      let page = try store.list(
        pipeline: query.pipeline, from: query.from, to: query.to, limit: limit,
        after: query.after)
      return (page.records, page.next)
    }
    var records: [StoredRecord] = []
    var bytes = 0
    var next = query.after
    var looked = 0
    repeat {
      let part = try store.list(
        pipeline: query.pipeline, from: query.from, to: query.to,
        limit: RecordReader.pageRowsMaximum, after: next)
      next = part.next
      for stored in part.records where stored.record.outcome == outcome {
        // Only now is it known that a full page is not the last.
        if let last = records.last,
          records.count == limit || bytes >= RecordReader.pageBytesMaximum
        {
          let end = RecordCursor(decidedAt: last.record.decidedAt, sequence: last.sequence)
          return (records, end)
        }
        records.append(stored)
        bytes += stored.record.body.count
      }
      looked += part.records.count
    } while next != nil && looked < rowsLookedAtMax
    return (records, next)
  }

  private func store(_ host: DecisionHost) throws(ControlError) -> RecordStore {
    guard let store = host.records else {
      throw ControlError(
        404, "this server keeps no records; start it with --state DIR", code: "NOT_FOUND")
    }
    return store
  }

  /// Runs a query on a thread that may block.
  private func reading<Value: Sendable>(
    _ body: @escaping @Sendable () throws(RecordFailure) -> Value
  ) async throws(ControlError) -> Value {
    do {
      return try await context.reads.run(body)
    } catch let failure as RecordFailure {
      throw ControlError(
        WireStatus(failure).http, failure.description, code: failure.reason.uppercased())
    } catch is BoundedReads.Full {
      throw ControlError(
        503, "\(context.reads.countMax) queries of records are under way; try again later",
        code: "OVERLOADED")
    } catch {
      throw ControlError(503, "the server is stopping", code: "UNAVAILABLE")
    }
  }

  private static func page(_ records: [StoredRecord], next: RecordCursor?) -> ControlAnswer {
    ControlAnswer { body in
      body.writeStaticString("{\"records\":[")
      for (index, stored) in records.enumerated() {
        if index > 0 { body.writeStaticString(",") }
        write(stored, to: &body)
      }
      body.writeStaticString("],\"next\":")
      if let next {
        body.writeJSON(string: next.description)
      } else {
        body.writeStaticString("null")
      }
      body.writeStaticString("}")
    }
  }

  private static func write(_ stored: StoredRecord, to body: inout ByteBuffer) {
    let record = stored.record
    body.writeStaticString("{\"sequence\":")
    body.writeJSON(integer: stored.sequence)
    body.writeStaticString(",\"id\":")
    body.writeJSON(string: record.id)
    body.writeStaticString(",\"request_id\":")
    if let requestID = record.requestID {
      body.writeJSON(string: requestID)
    } else {
      body.writeStaticString("null")
    }
    body.writeStaticString(",\"pipeline\":")
    body.writeJSON(string: record.pipeline)
    body.writeStaticString(",\"pipeline_digest\":")
    body.writeJSON(string: record.pipelineDigest)
    body.writeStaticString(",\"decided_at_ns\":")
    body.writeJSON(integer: record.decidedAt)
    body.writeStaticString(",\"time\":")
    body.writeJSON(string: TimeText.text(timestamp: record.decidedAt))
    body.writeStaticString(",\"outcome\":")
    body.writeJSON(string: record.outcome)
    body.writeStaticString(",\"degraded\":")
    body.writeString("\(record.isDegraded)")
    body.writeStaticString(",\"hash\":\"")
    for byte in stored.hash {
      body.writeInteger(digit(byte >> 4))
      body.writeInteger(digit(byte & 15))
    }
    // Decisions are recorded as JSON.
    body.writeStaticString("\",\"decision\":")
    body.writeBytes(record.decisionJSON())
    body.writeStaticString("}")
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}

/// What `GET /v1/records` asks for.
struct RecordQuery: Sendable {
  private static let known = [
    "pipeline", "request_id", "from", "to", "outcome", "limit", "after",
  ]

  var pipeline: String?
  var requestID: String?
  /// Nanoseconds since 1970; `from` is included and `to` is not.
  var from: Int64?
  var to: Int64?
  var outcome: String?
  var limit: Int?
  var after: RecordCursor?

  init(_ text: String) throws(ControlError) {
    let parameters = try QueryParameters(text, known: Self.known)
    pipeline = parameters["pipeline"]
    requestID = parameters["request_id"]
    outcome = parameters["outcome"]
    from = try Self.instant(parameters, "from")
    to = try Self.instant(parameters, "to")
    if let text = parameters["limit"] {
      let most = RecordReader.pageRowsMaximum
      guard let number = Int(text), (1...most).contains(number) else {
        throw QueryParameters.error("'limit' is '\(text.prefix(40))'; use 1 to \(most)")
      }
      limit = number
    }
    if let text = parameters["after"] {
      guard let cursor = RecordCursor(text) else {
        throw QueryParameters.error(
          "'after' is '\(text.prefix(40))'; use the 'next' of the page before")
      }
      after = cursor
    }
  }

  /// Whether a record is of the time and of the outcome asked for.
  func passes(_ record: DecisionRecord) -> Bool {
    record.decidedAt >= from ?? .min && record.decidedAt < to ?? .max
      && record.outcome == outcome ?? record.outcome
  }

  private static func instant(
    _ parameters: QueryParameters, _ name: String
  ) throws(ControlError) -> Int64? {
    guard let text = parameters[name] else { return nil }
    if let instant = Int64(text) ?? TimeText.timestamp(text) { return instant }
    throw QueryParameters.error(
      "'\(name)' is '\(text.prefix(40))'; write it as 2026-05-01T12:00:00Z, or in nanoseconds "
        + "since 1970")
  }
}
