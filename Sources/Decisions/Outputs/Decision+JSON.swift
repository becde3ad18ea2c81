private import Foundation

extension Decision {
  /// The decision as JSON.
  package func json() -> [UInt8] {
    var writer = JSONBytes()
    writer.open("{")
    write(to: &writer)
    writer.close("}")
    return writer.bytes
  }

  /// The members, without the braces.
  func write(to writer: inout JSONBytes) {
    writer.name("id")
    writer.string(id)
    if let requestID {
      writer.name("request_id")
      writer.string(requestID)
    }
    writer.name("pipeline")
    writer.string(pipeline)
    writer.name("digest")
    writer.string(digest)
    writer.name("decided_at_ns")
    writer.integer(decidedAt)
    writer.name("outcome")
    writer.string(outcome)
    writer.name("decided_by")
    writer.string(decidedBy)
    if let score {
      writer.name("score")
      writer.double(score)
    }
    writeTiers(to: &writer)
    write(reasons, "reasons", to: &writer)
    writer.name("degraded")
    writer.bool(isDegraded)
    write(degradedReasons, "degraded_reasons", to: &writer)
    writer.name("late")
    writer.bool(isLate)
    if let features { write(features, to: &writer) }
    writer.name("stages")
    writer.open("[")
    for stage in stages {
      writer.comma()
      writer.open("{")
      writer.name("name")
      writer.string(stage.name)
      writer.name("ns")
      writer.integer(stage.nanoseconds)
      writer.close("}")
    }
    writer.close("]")
  }

  private func writeTiers(to writer: inout JSONBytes) {
    writer.name("tiers")
    writer.open("[")
    for tier in tiers {
      writer.comma()
      writer.open("{")
      writer.name("tier")
      writer.string(tier.tier)
      writer.name("model")
      writer.string(tier.model)
      writer.name("version")
      writer.string(tier.version)
      if let score = tier.score {
        writer.name("score")
        writer.double(score)
      }
      writer.name("result")
      writer.string(tier.result)
      writer.name("ns")
      writer.integer(tier.nanoseconds)
      writer.close("}")
    }
    writer.close("]")
  }

  private func write(_ texts: [String], _ name: String, to writer: inout JSONBytes) {
    writer.name(name)
    writer.open("[")
    for text in texts { writer.string(text) }
    writer.close("]")
  }

  private func write(_ features: [Feature], to writer: inout JSONBytes) {
    writer.name("features")
    writer.open("[")
    for feature in features {
      writer.comma()
      writer.open("{")
      writer.name("name")
      writer.string(feature.name)
      if let value = feature.value {
        writer.name("value")
        writer.double(value)
      }
      writer.name("status")
      writer.string(feature.status)
      if let age = feature.age {
        writer.name("age_ns")
        writer.integer(age)
      }
      writer.close("}")
    }
    writer.close("]")
  }

  /// A decision as it was recorded; `nil` if the bytes are none. Slow: for answers from the past.
  package init?(json: [UInt8]) {
    guard let decision = try? JSONDecoder().decode(Decision.self, from: Data(json)) else {
      return nil
    }
    self = decision
  }
}
