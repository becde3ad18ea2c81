internal import Features
internal import Records
internal import Rules

/// Writes what is kept of a pipeline's decisions: how each was decided, its features, its inputs.
///
/// A record has no member that its columns have, and of its features only what changes from
/// decision to decision; their names are in the context, once. That is a third of the whole
/// decision, and so is what it costs to hash, to log and to copy it.
/// ``Records/DecisionRecord/decisionJSON()`` puts the decision together again.
struct RecordText {
  /// `{"features":[NAME,…]}`; `nil` without features.
  let context: RecordContext?
  private let featureCount: Int
  /// By field of the input: its name and colon, after a comma.
  private let names: [[UInt8]]
  /// Bytes of the longest body so far.
  private var size = 512

  init(_ definition: PipelineDefinition) {
    var features: [String] = []
    if let use = definition.features {
      let service = use.definitions.services[use.service]
      features = service.slots.map { use.definitions.slots[$0].name }
    }
    featureCount = features.count
    context = features.isEmpty ? nil : RecordContext(Self.context(features))
    names = definition.inputs.fields.map { field in
      var writer = JSONBytes(capacity: 64)
      writer.raw(",")
      writer.string(field.name, separated: false)
      writer.raw(":")
      return writer.bytes
    }
  }

  private static func context(_ features: [String]) -> [UInt8] {
    var writer = JSONBytes()
    writer.raw(#"{"features":["#)
    for name in features { writer.string(name) }
    writer.raw("]}")
    return writer.bytes
  }

  /// The body of the record of a decision.
  mutating func body(_ decision: borrowing Decision, _ call: DecisionCall) -> [UInt8] {
    var writer = JSONBytes(capacity: size)
    writer.raw("{")
    write(call.vector, to: &writer)
    decision.writePath(to: &writer)
    writer.raw(#","inputs":{"#)
    write(call.request.input, call.request.pipeline.definition.inputs, to: &writer)
    writer.raw("}}")
    size = max(size, writer.bytes.count)
    return writer.bytes
  }

  /// The features as they were used: values, a letter for each status, and runs of equal ages.
  private func write(_ vector: borrowing FeatureVector, to writer: inout JSONBytes) {
    guard featureCount > 0, vector.values.count == featureCount else { return }
    writer.raw(RecordedFeatures.opening)
    for index in vector.values.indices {
      if index > 0 { writer.raw(",") }
      writer.number(vector.values[index])
    }
    writer.raw(RecordedFeatures.statuses)
    for index in vector.statuses.indices {
      writer.byte(RecordedFeatures.letter(vector.statuses[index]))
    }
    writer.raw(RecordedFeatures.ages)
    var start = 0
    while start < vector.ages.count {
      var end = start + 1
      while end < vector.ages.count, vector.ages[end] == vector.ages[start] { end += 1 }
      writer.raw(start == 0 ? "[" : ",[")
      writer.digits(Int64(end - start))
      if vector.ages[start] >= 0 {
        writer.raw(",")
        writer.digits(vector.ages[start])
      }
      writer.raw("]")
      start = end
    }
    writer.raw(RecordedFeatures.closing)
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
