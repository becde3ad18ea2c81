internal import Decisions
internal import Features

/// An OpenAPI 3.1 document of what is served now: each pipeline, source, view and service under
/// its own path, with its own schema.
struct OpenAPIDocument {
  let json: JSONTree

  /// - Parameter host: `nil` where no pipelines are served.
  init(_ host: DecisionHost?, identity: ServerIdentity) {
    var paths: [(name: String, value: JSONTree)] = []
    var schemas = OpenAPISchemas.shared
    if let host {
      for name in host.engine.names {
        guard let pipeline = host.engine.pipeline(named: name) else { continue }
        paths.append(("/v1/decisions/\(name)", Self.decide(name)))
        schemas += OpenAPISchemas.pipeline(pipeline.definition)
      }
      for feed in host.feeds {
        paths.append(("/v1/events/\(feed.name)", Self.intake("event", "Events", feed.name)))
        schemas.append(("event.\(feed.name)", OpenAPISchemas.record(feed.schema)))
      }
      for feed in host.attributeFeeds {
        paths.append(
          ("/v1/attributes/\(feed.name)", Self.intake("attributes", "Attributes", feed.name)))
        schemas.append(("attributes.\(feed.name)", OpenAPISchemas.record(feed.schema)))
      }
      for service in host.services {
        paths.append(("/v1/features/\(service.name)", Self.features(service.name)))
        let fields = service.store.definitions.services[service.service].requestFields
        schemas.append(
          (
            "request.\(service.name)",
            OpenAPISchemas.record(service.schema, only: fields, needsTime: false)
          ))
      }
      paths += Self.control
    }
    json = [
      "openapi": "3.1.0",
      "info": ["title": .text(identity.name), "version": .text(identity.version)],
      "paths": .object(paths),
      "components": ["schemas": .object(schemas)],
    ]
  }

  private static func decide(_ name: String) -> JSONTree {
    let timeout: JSONTree = [
      "name": "Needletail-Timeout-Us", "in": "header",
      "description": "Microseconds from the first byte of the request to the decision",
      "schema": ["type": "integer", "minimum": 1],
    ]
    let features: JSONTree = [
      "name": "features", "in": "query", "description": "Adds the features of each decision",
      "schema": ["type": "boolean", "default": false],
    ]
    return [
      "post": [
        "operationId": .text("decide.\(name)"), "tags": ["Decisions"],
        "parameters": [features, timeout],
        "requestBody": body("input.\(name)"),
        "responses": .object(
          [
            (
              "200",
              [
                "description": "The decision; for many requests theirs, in order",
                "content": [
                  "application/json": [
                    "schema": ["oneOf": [ref("decision.\(name)"), many("decision.\(name)")]]
                  ],
                  "application/x-ndjson": [
                    "schema": ["anyOf": [ref("decision.\(name)"), ref("Error")]]
                  ],
                ],
              ]
            )
          ] + errors(["400", "404", "413", "422", "503"])),
      ]
    ]
  }

  private static func many(_ decision: String) -> JSONTree {
    [
      "type": "object", "required": ["decisions"],
      "properties": [
        "decisions": ["type": "array", "items": ["anyOf": [ref(decision), ref("Error")]]]
      ],
    ]
  }

  private static func intake(_ prefix: String, _ tag: String, _ name: String) -> JSONTree {
    [
      "post": [
        "operationId": .text("\(prefix).\(name)"), "tags": [.text(tag)],
        "requestBody": body("\(prefix).\(name)"),
        "responses": .object(
          [("200", answer("What became of them, once they are durable", ref("Intake")))]
            + errors(["400", "404", "413", "422", "503"])),
      ]
    ]
  }

  private static func features(_ name: String) -> JSONTree {
    [
      "post": [
        "operationId": .text("features.\(name)"), "tags": ["Features"],
        "requestBody": [
          "required": true,
          "content": ["application/json": ["schema": ref("request.\(name)")]],
        ],
        "responses": .object(
          [("200", answer("The features as of the request's time", ref("Features")))]
            + errors(["400", "404", "413", "422"])),
      ]
    ]
  }

  private static var control: [(name: String, value: JSONTree)] {
    [
      ("/v1/records/{id}", get("record", "Records", "The record", "Record", [path("id")])),
      (
        "/v1/records",
        get(
          "records", "Records", "A page of records, by the time of the decision", "Records",
          [
            query("pipeline"), query("request_id"), query("from"), query("to"),
            query("outcome"), query("limit"), query("after"),
          ])
      ),
      ("/v1/pipelines", get("pipelines", "Pipelines", "What is served", "Pipelines", [])),
      (
        "/v1/pipelines/{name}",
        get("pipeline", "Pipelines", "One pipeline", "Pipeline", [path("name")])
      ),
      (
        "/v1/pipelines/reload",
        [
          "post": [
            "operationId": "reload", "tags": ["Pipelines"],
            "responses": .object(
              [("200", answer("What became of each pipeline", ["type": "object"]))]
                + errors(["422"])),
          ]
        ]
      ),
    ]
  }

  private static func get(
    _ operation: String, _ tag: String, _ description: String, _ schema: String,
    _ parameters: [JSONTree]
  ) -> JSONTree {
    [
      "get": [
        "operationId": .text(operation), "tags": [.text(tag)], "parameters": .array(parameters),
        "responses": .object(
          [("200", answer(description, ref(schema)))] + errors(["400", "404", "503"])),
      ]
    ]
  }

  private static func path(_ name: String) -> JSONTree {
    ["name": .text(name), "in": "path", "required": true, "schema": ["type": "string"]]
  }

  private static func query(_ name: String) -> JSONTree {
    ["name": .text(name), "in": "query", "schema": ["type": "string"]]
  }

  /// A body of one value, an array of them, or one a line.
  private static func body(_ schema: String) -> JSONTree {
    let one = ref(schema)
    return [
      "required": true,
      "content": [
        "application/json": ["schema": ["oneOf": [one, ["type": "array", "items": one]]]],
        "application/x-ndjson": ["schema": one],
      ],
    ]
  }

  private static func answer(_ description: String, _ schema: JSONTree) -> JSONTree {
    [
      "description": .text(description),
      "content": ["application/json": ["schema": schema]],
    ]
  }

  static func ref(_ schema: String) -> JSONTree {
    ["$ref": .text("#/components/schemas/\(schema)")]
  }

  private static func errors(_ statuses: [String]) -> [(name: String, value: JSONTree)] {
    let words = [
      "400": "Malformed", "404": "Not served; the answer says what is", "413": "Too large",
      "422": "Values that do not fit", "503": "OVERLOADED or DURABILITY; come back later",
    ]
    return statuses.map { status in (status, answer(words[status] ?? "Error", ref("Error"))) }
  }
}
