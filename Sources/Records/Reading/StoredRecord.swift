/// A record with its place in the chain.
package struct StoredRecord: Sendable, Equatable {
  /// 1 is the first record of the file.
  package var sequence: Int64
  /// 32 bytes.
  package var hash: [UInt8]
  package var record: DecisionRecord

  package init(sequence: Int64, hash: [UInt8], record: DecisionRecord) {
    self.sequence = sequence
    self.hash = hash
    self.record = record
  }
}

/// A place in a list, to go on from. Its text is for callers to send back.
package struct RecordCursor: Sendable, Equatable, CustomStringConvertible {
  /// When the last record of the page before was decided: nanoseconds since 1970.
  package var decidedAt: Int64
  /// Its place in the chain.
  package var sequence: Int64

  package init(decidedAt: Int64, sequence: Int64) {
    self.decidedAt = decidedAt
    self.sequence = sequence
  }

  /// Reads what `description` wrote; `nil` for any other text.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let decidedAt = Int64(parts[0]), let sequence = Int64(parts[1]) else {
      return nil
    }
    self.init(decidedAt: decidedAt, sequence: sequence)
  }

  /// `<decided at>.<sequence>`.
  package var description: String { "\(decidedAt).\(sequence)" }
}

/// A part of a list, ascending by time.
package struct RecordPage: Sendable, Equatable {
  package var records: [StoredRecord]
  /// Where the next page starts; `nil` on the last one.
  package var next: RecordCursor?
}
