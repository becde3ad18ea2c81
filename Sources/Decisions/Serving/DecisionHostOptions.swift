/// What a host of pipelines serves, and where it keeps state.
package struct DecisionHostOptions: Sendable {
  /// Files of pipelines (YAML), one pipeline each.
  package var pipelines: [String] = []
  /// The folder of feature state (`features/NAME` for a file of views `NAME.yaml`) and of records
  /// (`records.sqlite`). With `nil` features live in memory and nothing is recorded.
  package var stateFolder: String?
  /// Where views changed, whether their state is built anew from the log of events.
  package var rebuildsFeatures = false
  /// Nanoseconds that records are kept; `nil` keeps them for good.
  package var keepsRecordsNanoseconds: Int64?

  /// Options that serve nothing.
  package init() {}
}

/// Why pipelines cannot be served as asked.
package struct DecisionHostFailure: Error, Sendable, CustomStringConvertible {
  /// Everything that is wrong, each `file:line:column: what; fix`. Never empty.
  package var problems: [String]

  package init(problems: [String]) { self.problems = problems }

  /// One problem a line.
  package var description: String { problems.joined(separator: "\n") }
}

/// Something that a host has to say while it serves.
package struct HostNotice: Sendable, Equatable {
  /// How grave it is.
  package enum Severity: String, Sendable, CaseIterable {
    case info
    case warning
    case error
  }

  package var severity: Severity
  /// What happened, where, and what to do.
  package var message: String

  package init(_ severity: Severity, _ message: String) {
    self.severity = severity
    self.message = message
  }
}

/// What a reload did to one pipeline.
package struct PipelineChange: Sendable, Equatable {
  /// What became of it.
  package enum Kind: String, Sendable, CaseIterable {
    case added
    case changed
    case unchanged
    case removed
  }

  package var name: String
  package var kind: Kind
  /// The digest that is served now; of a removed pipeline the one that was.
  package var digest: String
}
