private import Foundation
package import Records

/// A decision as its record has it: what was decided, with the features, and the inputs.
package struct RecordedDecision: Sendable {
  package var decision: Decision
  /// By field; sensitive ones hold ``redacted``.
  package var inputs: [String: RecordedValue]

  /// What stands in a record for a sensitive value.
  package static let redacted = "[redacted]"

  /// Reads a record; `nil` if it is none of a decision.
  package init?(_ record: DecisionRecord) { self.init(json: record.decisionJSON()) }

  /// Reads what ``Records/DecisionRecord/decisionJSON()`` wrote.
  init?(json: [UInt8]) {
    guard let decision = Decision(json: json),
      let rest = try? JSONDecoder().decode(Rest.self, from: Data(json))
    else { return nil }
    self.decision = decision
    inputs = rest.inputs
  }

  private struct Rest: Decodable {
    var inputs: [String: RecordedValue]
  }
}

/// A value of an input, as JSON has it.
package enum RecordedValue: Sendable, Equatable, Decodable {
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case null
  /// What no field can hold.
  case other

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .int(value)
    } else if let value = try? container.decode(Double.self) {
      self = .double(value)
    } else {
      self = (try? container.decode(String.self)).map { .string($0) } ?? .other
    }
  }
}
