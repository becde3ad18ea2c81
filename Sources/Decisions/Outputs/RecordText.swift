internal import Features
internal import Rules

/// Writes what is kept of a pipeline's decisions: the decision, its features and its inputs. The
/// features are most of it, so all that does not change from decision to decision is made once.
struct RecordText {
  /// By status and then feature: the feature's object up to its value, after the object before.
  private let openings: [[UInt8]]
  private let featureCount: Int
  private let valueName = Array(#","value":"#.utf8)
  private let ageName = Array(#","age_ns":"#.utf8)
  /// By field of the input: its name and colon, after a comma.
  private let names: [[UInt8]]
  /// Bytes of the longest body so far.
  private var size = 1_024

  init(_ definition: PipelineDefinition) {
    var features: [String] = []
    if let use = definition.features {
      let service = use.definitions.services[use.service]
      features = service.slots.map { use.definitions.slots[$0].name }
    }
    let statuses = FeatureStatus.allCases.sorted { $0.rawValue < $1.rawValue }
    featureCount = features.count
    openings = statuses.flatMap { status in
      features.enumerated().map { index, name in
        var writer = JSONBytes(capacity: 64)
        writer.raw(index == 0 ? #"{"name":"# : #"},{"name":"#)
        writer.string(name, separated: false)
        writer.raw(#","status":""# + DecisionText.word(status) + "\"")
        return writer.bytes
      }
    }
    names = definition.inputs.fields.map { field in
      var writer = JSONBytes(capacity: 64)
      writer.raw(",")
      writer.string(field.name, separated: false)
      writer.raw(":")
      return writer.bytes
    }
  }

  /// The body of the record of a decision.
  mutating func body(_ decision: Decision, _ call: DecisionCall) -> [UInt8] {
    var writer = JSONBytes(capacity: size)
    writer.raw("{")
    decision.write(to: &writer, withFeatures: false)
    write(call.vector, to: &writer)
    writer.raw(#","inputs":{"#)
    write(call.request.input, call.request.pipeline.definition.inputs, to: &writer)
    writer.raw("}}")
    size = max(size, writer.bytes.count)
    return writer.bytes
  }

  /// The features as they were used.
  private func write(_ vector: borrowing FeatureVector, to writer: inout JSONBytes) {
    guard featureCount > 0, vector.values.count == featureCount else { return }
    writer.raw(#","features":["#)
    for index in vector.values.indices {
      writer.written(openings[Int(vector.statuses[index].rawValue) * featureCount + index])
      if vector.values[index].isFinite {
        writer.written(valueName)
        writer.number(vector.values[index])
      }
      if vector.ages[index] >= 0 {
        writer.written(ageName)
        writer.digits(vector.ages[index])
      }
    }
    writer.raw("}]")
  }

  private func write(
    _ input: borrowing DecisionInput, _ schema: borrowing InputSchema, to writer: inout JSONBytes
  ) {
    var isFirst = true
    for index in names.indices where input.has(index) {
      writer.written(isFirst ? names[index].dropFirst() : names[index][...])
      isFirst = false
      if schema.fields[index].isSensitive {
        writer.raw(#""[redacted]""#)
        continue
      }
      switch schema.fields[index].type {
      case .bool: writer.raw(input.bool(index) ? "true" : "false")
      case .int, .timestamp: writer.digits(input.int(index))
      case .double: writer.number(input.double(index))
      case .string: writer.string(input.bytes[input.texts[index]])
      case .duration, .null: writer.raw("null")
      }
    }
  }
}
