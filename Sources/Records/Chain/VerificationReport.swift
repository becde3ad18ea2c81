/// What checking a file of records found.
package struct VerificationReport: Sendable, Equatable {
  /// Records that were read.
  package var rows: Int64 = 0
  /// The first and the last place that was read; 0 if there are no records.
  package var firstSequence: Int64 = 0
  package var lastSequence: Int64 = 0
  /// The hash at ``lastSequence``: kept elsewhere, it proves later that nothing before it changed.
  package var lastHash: [UInt8] = []
  /// Records that retention has removed.
  package var removedRows: Int64 = 0
  /// What is wrong, in order; at most ``problemsMaximum``.
  package var problems: [ChainProblem] = []

  /// Whether nothing is wrong.
  package var isIntact: Bool { problems.isEmpty }

  package static let problemsMaximum = 20
}

/// One thing that is wrong with a chain.
package struct ChainProblem: Sendable, Equatable, CustomStringConvertible {
  /// The kinds of damage.
  package enum Kind: Sendable, Equatable {
    /// The record, or the hash before it, is not what was hashed.
    case altered
    /// Records up to and including this one are missing.
    case missing(through: Int64)
    /// A record stands after the end of the chain, or below its start.
    case extra
    /// The last record's hash is not the one noted as the end.
    case endDiffers
    /// The record is not the one that was noted elsewhere.
    case anchorDiffers
    /// The request id of the record does not lead to it: the request could be decided again.
    case unfound
    /// SQLite cannot read the file here.
    case unreadable(String)
  }

  /// The first place that is concerned.
  package var sequence: Int64
  package var kind: Kind

  package init(sequence: Int64, kind: Kind) {
    self.sequence = sequence
    self.kind = kind
  }

  /// For people.
  package var description: String {
    switch kind {
    case .altered:
      "record \(sequence): altered, its hash does not follow from the record before it"
    case .missing(let last):
      last == sequence
        ? "record \(sequence): missing" : "records \(sequence) to \(last): missing"
    case .extra: "record \(sequence): extra, it is outside of the chain"
    case .endDiffers: "record \(sequence): its hash is not the one noted as the end of the chain"
    case .anchorDiffers: "record \(sequence): its hash is not the one given"
    case .unfound: "record \(sequence): is not found by its request id"
    case .unreadable(let text): "after record \(sequence): the file is damaged: \(text)"
    }
  }
}
