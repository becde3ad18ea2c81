internal import Decisions
internal import Features
internal import NIOCore

/// The bodies of answers about decisions, events and features.
enum DecisionAnswer {
  /// `{"error":…,"code":…,"problems":[{"field":…,"message":…}]}`.
  static func write(_ problems: InputProblems, to body: inout ByteBuffer) {
    body.writeStaticString("{\"error\":")
    let isMalformed = problems.isMalformed
    body.writeJSON(
      string: isMalformed
        ? "the request is not a JSON object: \(problems)" : "the request does not fit: \(problems)")
    body.writeStaticString(",\"code\":")
    body.writeJSON(string: isMalformed ? "INVALID_ARGUMENT" : "INVALID_INPUT")
    if !isMalformed {
      body.writeStaticString(",\"problems\":[")
      for (index, problem) in problems.problems.enumerated() {
        if index > 0 { body.writeStaticString(",") }
        body.writeStaticString("{\"field\":")
        body.writeJSON(string: problem.field)
        body.writeStaticString(",\"message\":")
        body.writeJSON(string: problem.message)
        body.writeStaticString("}")
      }
      body.writeStaticString("]")
    }
    body.writeStaticString("}")
  }

  /// `{"accepted":…,"duplicate":…,"late":…,"future":…,"refused_count":…,"refused":[…]}`, after
  /// an error if there is one.
  static func write(
    _ intake: IntakeCounts, error: (message: String, code: String)? = nil,
    to body: inout ByteBuffer
  ) {
    let counts = intake.counts
    body.writeStaticString("{")
    if let error {
      body.writeStaticString("\"error\":")
      body.writeJSON(string: error.message)
      body.writeStaticString(",\"code\":")
      body.writeJSON(string: error.code)
      body.writeStaticString(",")
    }
    body.writeStaticString("\"accepted\":")
    body.writeJSON(integer: counts.accepted)
    body.writeStaticString(",\"duplicate\":")
    body.writeJSON(integer: counts.duplicate)
    body.writeStaticString(",\"late\":")
    body.writeJSON(integer: counts.late)
    body.writeStaticString(",\"future\":")
    body.writeJSON(integer: counts.future)
    body.writeStaticString(",\"refused_count\":")
    body.writeJSON(integer: counts.refused)
    body.writeStaticString(",\"refused\":[")
    for (index, refusal) in intake.refusals.enumerated() {
      if index > 0 { body.writeStaticString(",") }
      body.writeStaticString("{\"line\":")
      body.writeJSON(integer: refusal.line)
      body.writeStaticString(",\"error\":")
      body.writeJSON(string: refusal.error)
      body.writeStaticString("}")
    }
    body.writeStaticString("]}")
  }

  /// `{"service":…,"at_ns":…,"features":[{"name":…,"value":…,"status":…,"age_ns":…}]}`.
  static func write(
    _ vector: FeatureVector, of table: IntakeTable, _ service: Int, at time: Int64,
    to body: inout ByteBuffer
  ) {
    let definitions = table.store.definitions
    let slots = definitions.services[service].slots
    body.writeStaticString("{\"service\":")
    body.writeJSON(string: table.name)
    body.writeStaticString(",\"digest\":")
    body.writeJSON(string: definitions.digest)
    body.writeStaticString(",\"at_ns\":")
    body.writeJSON(integer: time)
    body.writeStaticString(",\"features\":[")
    for index in slots.indices where vector.values.indices.contains(index) {
      if index > 0 { body.writeStaticString(",") }
      body.writeStaticString("{\"name\":")
      body.writeJSON(string: definitions.slots[slots[index]].name)
      body.writeStaticString(",\"value\":")
      if vector.values[index].isFinite {
        write(vector.values[index], to: &body)
      } else {
        body.writeStaticString("null")
      }
      body.writeStaticString(",\"status\":\"")
      body.writeStaticString(word(vector.statuses[index]))
      body.writeStaticString("\"")
      if vector.ages[index] >= 0 {
        body.writeStaticString(",\"age_ns\":")
        body.writeJSON(integer: vector.ages[index])
      }
      body.writeStaticString("}")
    }
    body.writeStaticString("]}")
  }

  private static func write(_ value: Double, to body: inout ByteBuffer) {
    if value == value.rounded(), abs(value) < 1e15 {
      body.writeJSON(integer: Int64(value))
    } else {
      body.writeJSON(number: value)
    }
  }

  private static func word(_ status: FeatureStatus) -> StaticString {
    switch status {
    case .fresh: "fresh"
    case .stale: "stale"
    case .missing: "missing"
    case .default: "default"
    }
  }
}

extension InputProblems {
  /// Whether the request was no JSON object at all, so that no field could be looked at.
  package var isMalformed: Bool { problems.count == 1 && problems[0].field.isEmpty }
}
