/// Follows a chain record by record. Knows no file.
struct ChainVerifier: Sendable {
  private(set) var report = VerificationReport()
  private(set) var head: HashChain
  private let anchor: RecordAnchor?
  private var scratch: [UInt8] = []

  /// Starts after `start`: the beginning of the file, or the last record that was removed.
  init(start: HashChain, removedRows: Int64, anchor: RecordAnchor? = nil) {
    head = start
    self.anchor = anchor
    report.removedRows = removedRows
  }

  /// Takes the next record, ascending by place.
  mutating func take(_ stored: StoredRecord) {
    report.rows += 1
    if report.firstSequence == 0 { report.firstSequence = stored.sequence }
    if stored.sequence <= head.sequence {
      note(stored.sequence, .extra)
      return
    }
    if stored.sequence > head.sequence + 1 {
      note(head.sequence + 1, .missing(through: stored.sequence - 1))
    } else if head.next(stored.record, scratch: &scratch).hash != stored.hash {
      note(stored.sequence, .altered)
    }
    if let anchor, anchor.sequence == stored.sequence, anchor.hash != stored.hash {
      note(stored.sequence, .anchorDiffers)
    }
    // One altered record is one problem: those after it are judged by the hash that is written.
    head = HashChain(sequence: stored.sequence, hash: stored.hash)
    report.lastSequence = stored.sequence
    report.lastHash = stored.hash
  }

  /// Goes on after `removed`: retention has removed what was next.
  mutating func skip(to removed: HashChain, removedRows: Int64) {
    head = removed
    report.removedRows = removedRows
  }

  /// Judges what follows the last record.
  mutating func finish(end: HashChain) {
    if head.sequence < end.sequence {
      note(head.sequence + 1, .missing(through: end.sequence))
    } else if head.sequence > end.sequence {
      note(end.sequence + 1, .extra)
    } else if head.hash != end.hash {
      note(head.sequence, .endDiffers)
    }
    if report.rows == 0 { report.lastHash = head.hash }
    report.lastSequence = head.sequence
    if let anchor, anchor.sequence > head.sequence {
      note(head.sequence + 1, .missing(through: anchor.sequence))
    }
  }

  /// Notes that the request of a record does not lead to it.
  mutating func noteUnfound(_ sequence: Int64) { note(sequence, .unfound) }

  /// Notes that nothing after the last record can be read.
  mutating func stop(_ text: String) { note(head.sequence, .unreadable(text)) }

  private mutating func note(_ sequence: Int64, _ kind: ChainProblem.Kind) {
    guard report.problems.count < VerificationReport.problemsMaximum else { return }
    report.problems.append(ChainProblem(sequence: sequence, kind: kind))
  }
}

/// The place and hash of a record, noted outside of the file: proof against a rewritten chain.
package struct RecordAnchor: Sendable, Equatable {
  package var sequence: Int64
  package var hash: [UInt8]

  package init(sequence: Int64, hash: [UInt8]) {
    self.sequence = sequence
    self.hash = hash
  }

  /// Reads `SEQUENCE:HEXADECIMAL`, as `needletail records verify` prints it.
  package init?(_ text: String) {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let sequence = Int64(parts[0]), sequence > 0,
      parts[1].utf8.count == 2 * HashChain.hashByteCount
    else { return nil }
    var hash: [UInt8] = []
    var digits = parts[1][...]
    while !digits.isEmpty {
      guard let byte = UInt8(digits.prefix(2), radix: 16), digits.first != "+" else { return nil }
      hash.append(byte)
      digits = digits.dropFirst(2)
    }
    self.init(sequence: sequence, hash: hash)
  }
}
