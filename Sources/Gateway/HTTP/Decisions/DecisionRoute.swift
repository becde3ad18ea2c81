/// What a path below `/v1` asks for.
package enum DecisionRoute: Sendable, Equatable {
  case decide(pipeline: String)
  case events(source: String)
  case attributes(view: String)
  case features(service: String)
  case record(id: String)
  case records
  case pipelines
  case pipeline(String)
  case reload
  case openAPI

  /// The route of the parts of a path after `v1`; `nil` for an unknown one.
  init?(_ segments: ArraySlice<String>) {
    guard let first = segments.first, segments.count <= 2, segments.last?.isEmpty == false else {
      return nil
    }
    let second = segments.count == 2 ? segments.last : nil
    switch (first, second) {
    case ("decisions", let name?): self = .decide(pipeline: name)
    case ("events", let name?): self = .events(source: name)
    case ("attributes", let name?): self = .attributes(view: name)
    case ("features", let name?): self = .features(service: name)
    case ("records", nil): self = .records
    case ("records", let id?): self = .record(id: id)
    case ("pipelines", nil): self = .pipelines
    case ("pipelines", "reload"): self = .reload
    case ("pipelines", let name?): self = .pipeline(name)
    case ("openapi.json", nil): self = .openAPI
    default: return nil
    }
  }

  /// The verbs that go with the path.
  var verbs: HTTPRoute.Verbs {
    switch self {
    case .reload: .post
    case .decide, .events, .attributes, .features: .post
    case .record, .records, .pipelines, .pipeline, .openAPI: .get
    }
  }

  /// Whether it is answered on the event loop, from a body that may be large.
  var isData: Bool {
    switch self {
    case .decide, .events, .attributes, .features: true
    case .record, .records, .pipelines, .pipeline, .reload, .openAPI: false
    }
  }
}
