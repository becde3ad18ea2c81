internal import Decisions
internal import Foundation
internal import NIOCore
internal import Records

extension ControlService {
  /// Pages read for one answer, at most: a filter that nothing passes must not read the file.
  private static let pagesMax = 8
  /// An answer ends once its records have so many bytes: clients refuse more than 4 MiB.
  private static let answerBytesMax = 3 << 20

  /// The answers of the service `Records`.
  func answerRecords(
    _ method: GRPCMethod, _ message: ByteBuffer
  ) async throws(GRPCStatus) -> ByteBuffer {
    guard let records = context.decisions?.records else {
      throw GRPCStatus(
        .failedPrecondition, "this server keeps no records; start it with --pipeline and --state")
    }
    if method == .getRecord {
      let request: Needletail_V1_GetRecordRequest = try ControlMessage.read(message)
      return try ControlMessage.write(try await record(request, records))
    }
    let request: Needletail_V1_ListRecordsRequest = try ControlMessage.read(message)
    return try ControlMessage.write(try await list(request, records))
  }

  private func record(
    _ request: Needletail_V1_GetRecordRequest, _ records: RecordStore
  ) async throws(GRPCStatus) -> Needletail_V1_Record {
    let found: StoredRecord?
    if !request.id.isEmpty {
      found = try await reading { try records.find(id: request.id) }
    } else if !request.pipeline.isEmpty, !request.requestID.isEmpty {
      found = try await reading {
        try records.find(pipeline: request.pipeline, requestID: request.requestID)
      }
    } else {
      throw GRPCStatus(.invalidArgument, "send the id, or the pipeline and the request_id")
    }
    guard let found else {
      let what =
        request.id.isEmpty
        ? "request '\(request.requestID)' of pipeline '\(request.pipeline)'" : "id '\(request.id)'"
      throw GRPCStatus(.notFound, "no record has the \(what)")
    }
    return Self.message(found)
  }

  private func list(
    _ request: Needletail_V1_ListRecordsRequest, _ records: RecordStore
  ) async throws(GRPCStatus) -> Needletail_V1_ListRecordsResponse {
    guard request.requestID.isEmpty || !request.pipeline.isEmpty else {
      throw GRPCStatus(.invalidArgument, "a request_id belongs to a pipeline: send that too")
    }
    guard request.limit >= 0 else {
      throw GRPCStatus(.invalidArgument, "the limit is \(request.limit); send 1 to 1000")
    }
    var cursor: RecordCursor?
    if !request.after.isEmpty {
      cursor = RecordCursor(request.after)
      guard cursor != nil else {
        throw GRPCStatus(
          .invalidArgument, "'after' is not the 'next' of a page; send it as it came")
      }
    }
    return try await reading { [cursor] in
      request.requestID.isEmpty
        ? try Self.page(request, after: cursor, records) : try Self.single(request, records)
    }
  }

  /// The record of a request, as a list.
  private static func single(
    _ request: Needletail_V1_ListRecordsRequest, _ records: RecordStore
  ) throws(RecordFailure) -> Needletail_V1_ListRecordsResponse {
    var response = Needletail_V1_ListRecordsResponse()
    let found = try records.find(pipeline: request.pipeline, requestID: request.requestID)
    guard let found, passes(found.record, request) else { return response }
    let from = request.hasFromNs ? request.fromNs : .min
    let to = request.hasToNs ? request.toNs : .max
    if found.record.decidedAt >= from, found.record.decidedAt < to {
      response.records = [message(found)]
    }
    return response
  }

  private static func page(
    _ request: Needletail_V1_ListRecordsRequest, after: RecordCursor?, _ records: RecordStore
  ) throws(RecordFailure) -> Needletail_V1_ListRecordsResponse {
    var response = Needletail_V1_ListRecordsResponse()
    let limit = request.limit == 0 ? 100 : min(Int(request.limit), RecordReader.pageRowsMaximum)
    var cursor = after
    var bytes = 0
    for _ in 0..<pagesMax {
      let page = try records.list(
        pipeline: request.pipeline.isEmpty ? nil : request.pipeline,
        from: request.hasFromNs ? request.fromNs : nil,
        to: request.hasToNs ? request.toNs : nil,
        limit: request.outcome.isEmpty ? limit : RecordReader.pageRowsMaximum, after: cursor)
      for (index, stored) in page.records.enumerated() {
        cursor = RecordCursor(decidedAt: stored.record.decidedAt, sequence: stored.sequence)
        guard passes(stored.record, request) else { continue }
        let message = message(stored)
        response.records.append(message)
        bytes += message.body.utf8.count + 256
        guard response.records.count == limit || bytes >= answerBytesMax else { continue }
        let isLast = page.next == nil && index == page.records.count - 1
        response.next = isLast ? "" : cursor?.description ?? ""
        return response
      }
      response.next = page.next?.description ?? ""
      guard let next = page.next else { return response }
      cursor = next
    }
    return response
  }

  private static func passes(
    _ record: DecisionRecord, _ request: Needletail_V1_ListRecordsRequest
  ) -> Bool {
    request.outcome.isEmpty || record.outcome == request.outcome
  }

  private static func message(_ stored: StoredRecord) -> Needletail_V1_Record {
    let record = stored.record
    var message = Needletail_V1_Record()
    message.id = record.id
    message.requestID = record.requestID ?? ""
    message.pipeline = record.pipeline
    message.digest = record.pipelineDigest
    message.decidedAtNs = record.decidedAt
    message.outcome = record.outcome
    message.degraded = record.isDegraded
    message.sequence = stored.sequence
    message.hash = Data(stored.hash)
    message.body = String(decoding: record.decisionJSON(), as: UTF8.self)
    return message
  }

  /// Runs a query where it may wait for the disk.
  private func reading<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws(GRPCStatus) -> Value {
    do {
      return try await context.reads.run(body)
    } catch let failure as RecordFailure {
      throw CallFailure(failure).grpc
    } catch is BoundedReads.Full {
      throw GRPCStatus(.unavailable, "as many queries as may be are waiting; try again")
    } catch {
      throw GRPCStatus(.unavailable, "the server is shutting down")
    }
  }
}
