private import Foundation

extension Decision {
  /// The decision as JSON.
  package func json() -> [UInt8] {
    var writer = JSONBytes()
    writer.raw(#"{"id":"#)
    writer.word(id)
    if let requestID {
      writer.raw(#","request_id":"#)
      writer.string(requestID, separated: false)
    }
    writer.raw(#","pipeline":"#)
    writer.word(pipeline)
    writer.raw(#","digest":"#)
    writer.word(digest)
    writer.raw(#","decided_at_ns":"#)
    writer.digits(decidedAt)
    writer.raw(#","outcome":"#)
    writer.word(outcome)
    writer.raw(",")
    writePath(to: &writer)
    if let features { write(features, to: &writer) }
    writer.close("}")
    return writer.bytes
  }

  /// How it was decided: the members that a record has in its body, without braces.
  func writePath(to writer: inout JSONBytes) {
    writer.raw(#""decided_by":"#)
    writer.word(decidedBy)
    if let score {
      writer.raw(#","score":"#)
      writer.number(score)
    }
    writeTiers(to: &writer)
    write(reasons, #","reasons":["#, to: &writer)
    writer.raw(isDegraded ? #","degraded":true"# : #","degraded":false"#)
    write(degradedReasons, #","degraded_reasons":["#, to: &writer)
    writer.raw(isLate ? #","late":true"# : #","late":false"#)
    writer.raw(#","stages":["#)
    var separator = #"{"name":"#
    for stage in stages {
      writer.raw(separator)
      writer.word(stage.name)
      writer.raw(#","ns":"#)
      writer.digits(stage.nanoseconds)
      separator = #"},{"name":"#
    }
    writer.raw(stages.isEmpty ? "]" : "}]")
  }

  private func writeTiers(to writer: inout JSONBytes) {
    writer.raw(#","tiers":["#)
    var separator = #"{"tier":"#
    for tier in tiers {
      writer.raw(separator)
      writer.word(tier.tier)
      writer.raw(#","model":"#)
      writer.string(tier.model, separated: false)
      writer.raw(#","version":"#)
      writer.string(tier.version, separated: false)
      if let score = tier.score {
        writer.raw(#","score":"#)
        writer.number(score)
      }
      writer.raw(#","result":"#)
      writer.word(tier.result)
      writer.raw(#","ns":"#)
      writer.digits(tier.nanoseconds)
      separator = #"},{"tier":"#
    }
    writer.raw(tiers.isEmpty ? "]" : "}]")
  }

  private func write(_ words: [String], _ opening: String, to writer: inout JSONBytes) {
    writer.raw(opening)
    for word in words {
      writer.comma()
      writer.word(word)
    }
    writer.raw("]")
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
