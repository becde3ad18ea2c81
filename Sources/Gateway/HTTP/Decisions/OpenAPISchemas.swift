internal import Decisions
internal import Features
internal import Rules

/// JSON schemas of what requests and answers hold.
enum OpenAPISchemas {
  /// The input of a pipeline and its decision.
  static func pipeline(
    _ definition: PipelineDefinition
  ) -> [(name: String, value: JSONTree)] {
    let fields = definition.inputs.fields
    let properties = fields.enumerated().map { index, field in
      (field.name, Self.field(field, isID: index == definition.inputs.idField))
    }
    var input: [(name: String, value: JSONTree)] = [
      ("type", "object"),
      ("properties", .object(properties)),
      ("required", .texts(fields.filter { !$0.isOptional }.map(\.name))),
    ]
    if definition.inputs.unknown == .refuse { input.append(("additionalProperties", false)) }
    let decision: JSONTree = [
      "allOf": [
        OpenAPIDocument.ref("Decision"),
        [
          "type": "object",
          "properties": ["outcome": ["enum": .texts(definition.outcomes)]],
        ],
      ]
    ]
    return [
      ("input.\(definition.name)", .object(input)), ("decision.\(definition.name)", decision),
    ]
  }

  private static func field(_ field: InputField, isID: Bool) -> JSONTree {
    var members = type(field.type, isOptional: field.isOptional)
    if let least = field.least { members.append(("minimum", .number(least))) }
    if let most = field.most { members.append(("maximum", .number(most))) }
    if !field.oneOf.isEmpty {
      members.append(("enum", .texts(field.oneOf.map { String(decoding: $0, as: UTF8.self) })))
    }
    if isID { members.append(("minLength", .integer(1))) }
    if field.type == .string { members.append(("maxLength", .integer(Int64(field.lengthMax)))) }
    if field.isSensitive { members.append(("description", "Sensitive: never recorded")) }
    return .object(members)
  }

  /// A record of events or attributes, or a request for features.
  ///
  /// - Parameter only: the fields that are read; all if `nil`.
  static func record(
    _ schema: RecordSchema, only: Set<Int>? = nil, needsTime: Bool = true
  ) -> JSONTree {
    var properties: [(name: String, value: JSONTree)] = []
    var required: [String] = []
    let isText = schema.timeUnit == .rfc3339
    let time: JSONTree =
      isText
      ? ["type": "string", "format": "date-time"]
      : ["type": "number", "description": .text("\(schema.timeUnit.rawValue) since 1970")]
    properties.append((schema.timeName, time))
    if needsTime { required.append(schema.timeName) }
    if let id = schema.idName, only == nil {
      properties.append((id, ["type": ["string", "number"]]))
      required.append(id)
    }
    for (index, field) in schema.fields.enumerated()
    where only?.contains(index) ?? true && !properties.contains(where: { $0.name == field.name }) {
      properties.append((field.name, .object(type(field.type, isOptional: field.isNullable))))
      if !field.isNullable { required.append(field.name) }
    }
    return [
      "type": "object", "properties": .object(properties), "required": .texts(required),
    ]
  }

  private static func type(
    _ type: RuleType, isOptional: Bool
  ) -> [(name: String, value: JSONTree)] {
    var members: [(name: String, value: JSONTree)] = []
    func name(_ text: String) -> JSONTree { isOptional ? .texts([text, "null"]) : .text(text) }
    switch type {
    case .bool: members.append(("type", name("boolean")))
    case .int:
      members.append(("type", name("integer")))
      members.append(("format", "int64"))
    case .double: members.append(("type", name("number")))
    case .timestamp:
      members.append(("type", name("string")))
      members.append(("format", "date-time"))
    case .string, .duration, .null: members.append(("type", name("string")))
    }
    return members
  }

  /// Those that every server has.
  static var shared: [(name: String, value: JSONTree)] {
    [
      ("Error", error), ("Decision", decision), ("Intake", intake), ("Features", features),
      ("Record", record), ("Records", page), ("Pipeline", pipeline),
      ("Pipelines", object(["pipelines": array(OpenAPIDocument.ref("Pipeline"))])),
    ]
  }

  private static let text: JSONTree = ["type": "string"]
  private static let whole: JSONTree = ["type": "integer", "format": "int64"]
  private static let number: JSONTree = ["type": "number"]
  private static let flag: JSONTree = ["type": "boolean"]

  private static func array(_ items: JSONTree) -> JSONTree { ["type": "array", "items": items] }

  /// An object whose members are all there, but for those of `optional`.
  private static func object(
    _ required: KeyValuePairs<String, JSONTree>,
    optional: KeyValuePairs<String, JSONTree> = [:]
  ) -> JSONTree {
    let members = required.map { (name: $0.key, value: $0.value) }
    return [
      "type": "object",
      "properties": .object(members + optional.map { (name: $0.key, value: $0.value) }),
      "required": .texts(members.map(\.name)),
    ]
  }

  private static var error: JSONTree {
    object(
      ["error": text],
      optional: [
        "code": text, "predicted_wait_us": whole,
        "problems": array(["anyOf": [text, object(["field": text, "message": text])]]),
      ])
  }

  private static var decision: JSONTree {
    let tier = object(
      ["tier": text, "model": text, "version": text, "result": text, "ns": whole],
      optional: ["score": number])
    return object(
      [
        "id": text, "pipeline": text, "digest": text, "decided_at_ns": whole, "outcome": text,
        "decided_by": text, "tiers": array(tier), "reasons": array(text), "degraded": flag,
        "degraded_reasons": array(text), "late": flag,
        "stages": array(object(["name": text, "ns": whole])),
      ],
      optional: ["request_id": text, "score": number, "features": array(feature)])
  }

  private static var feature: JSONTree {
    let status: JSONTree = ["enum": ["fresh", "stale", "missing", "default"]]
    return object(
      ["name": text, "status": status],
      optional: ["value": ["type": ["number", "null"]], "age_ns": whole])
  }

  private static var intake: JSONTree {
    object([
      "accepted": whole, "duplicate": whole, "late": whole, "future": whole,
      "refused_count": whole, "refused": array(object(["line": whole, "error": text])),
    ])
  }

  private static var features: JSONTree {
    object(["service": text, "digest": text, "at_ns": whole, "features": array(feature)])
  }

  private static var record: JSONTree {
    object([
      "sequence": whole, "id": text, "request_id": ["type": ["string", "null"]],
      "pipeline": text, "pipeline_digest": text, "decided_at_ns": whole,
      "time": ["type": "string", "format": "date-time"], "outcome": text, "degraded": flag,
      "hash": text, "decision": ["type": "object"],
    ])
  }

  private static var page: JSONTree {
    object([
      "records": array(OpenAPIDocument.ref("Record")), "next": ["type": ["string", "null"]],
    ])
  }

  private static var pipeline: JSONTree {
    let tier = object(
      ["name": text, "breaker": ["enum": ["closed", "open", "half-open"]], "in_flight": whole],
      optional: [
        "model": text, "version": text, "escalated_share": number, "escalation_band": number,
      ])
    return object(
      [
        "name": text, "digest": text, "outcomes": array(text), "durability": text,
        "budget_us": whole, "under_way": whole, "concurrency": whole, "tiers": array(tier),
      ],
      optional: ["file": text, "service": text, "event": text])
  }
}
