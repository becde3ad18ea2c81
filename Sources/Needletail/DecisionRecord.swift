internal import Decisions
internal import Records

/// A decision as it was recorded. docs/records.md explains the members.
public struct DecisionRecord: Sendable, Equatable {
  /// Its place in the chain, from 1; 0 while it waits to be written.
  public var sequence: Int64
  /// The chain's hash up to it, 32 bytes; empty while it waits to be written.
  public var hash: [UInt8]
  public var id: String
  /// The caller's id of the request.
  public var requestID: String?
  public var pipeline: String
  /// The digest of the pipeline's definition.
  public var pipelineDigest: String
  /// Nanoseconds since 1970.
  public var decidedAt: Int64
  public var outcome: String
  public var isDegraded: Bool
  /// The decision as JSON in UTF-8, with its inputs (sensitive ones redacted), features, tiers and
  /// reasons.
  public var body: [UInt8]

  init(_ stored: StoredRecord) {
    sequence = stored.sequence
    hash = stored.hash
    id = stored.record.id
    requestID = stored.record.requestID
    pipeline = stored.record.pipeline
    pipelineDigest = stored.record.pipelineDigest
    decidedAt = stored.record.decidedAt
    outcome = stored.record.outcome
    isDegraded = stored.record.isDegraded
    body = stored.record.decisionJSON()
  }
}

/// Some records, ascending by time.
public struct DecisionRecordPage: Sendable, Equatable {
  public var records: [DecisionRecord]
  /// Where the next page starts; `nil` on the last.
  public var next: String?
}
