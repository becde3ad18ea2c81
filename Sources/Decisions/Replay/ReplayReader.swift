internal import Features
internal import Rules

/// Makes requests for one pipeline from records of another, or of itself.
package struct ReplayReader: Sendable {
  private let definition: PipelineDefinition
  /// Fields whose value has a part in the decision.
  private let usedFields: Set<Int>
  /// The names of the features of the pipeline's service, in its order.
  private let featureNames: [String]

  package init(_ definition: PipelineDefinition) {
    self.definition = definition
    usedFields = definition.fieldsRead()
    featureNames =
      definition.features.map { use in
        use.definitions.services[use.service].slots.map { use.definitions.slots[$0].name }
      } ?? []
  }

  /// What the pipeline is asked, and with which features.
  ///
  /// - Parameter requestID: the record's.
  /// - Throws: why the record cannot be decided again.
  package func request(
    of recorded: RecordedDecision, requestID: String?
  ) throws(NotReplayable) -> (input: DecisionInput, features: FeatureSupply) {
    (try input(of: recorded, requestID), try features(of: recorded))
  }

  private func input(
    of recorded: RecordedDecision, _ requestID: String?
  ) throws(NotReplayable) -> DecisionInput {
    let schema = definition.inputs
    var input = DecisionInput(schema)
    var filled: Set<String> = []
    for (index, field) in schema.fields.enumerated() {
      switch recorded.inputs[field.name] {
      case nil, .null: break
      case .string(RecordedDecision.redacted):
        if index == schema.idField, let requestID {
          input.set(index, string: requestID)
        } else if usedFields.contains(index) {
          throw NotReplayable(.redacted, field.name)
        } else {
          // Nothing reads it, so anything will do.
          Self.fill(&input, index, field.type)
          filled.insert(field.name)
        }
      case let value?:
        guard Self.set(&input, index, field.type, value) else {
          throw NotReplayable(.otherType, field.name)
        }
      }
    }
    let problems = schema.problems(of: input).filter { !filled.contains($0.field) }
    guard let problem = problems.first else { return input }
    let index = schema.index(of: problem.field)
    let isMissing = index.map { !input.has($0) } ?? false
    throw NotReplayable(isMissing ? .missingField : .outsideSchema, problem.field)
  }

  private static func fill(_ input: inout DecisionInput, _ index: Int, _ type: RuleType) {
    switch type {
    case .bool: input.set(index, bool: false)
    case .int, .timestamp: input.set(index, int: 0)
    case .double: input.set(index, double: 0)
    case .string: input.set(index, string: RecordedDecision.redacted)
    case .duration, .null: break
    }
  }

  private static func set(
    _ input: inout DecisionInput, _ index: Int, _ type: RuleType, _ value: RecordedValue
  ) -> Bool {
    switch (type, value) {
    case (.bool, .bool(let value)): input.set(index, bool: value)
    case (.int, .int(let value)), (.timestamp, .int(let value)): input.set(index, int: value)
    case (.double, .double(let value)): input.set(index, double: value)
    case (.double, .int(let value)): input.set(index, double: Double(value))
    case (.string, .string(let value)): input.set(index, string: value)
    default: return false
    }
    return true
  }

  private func features(of recorded: RecordedDecision) throws(NotReplayable) -> FeatureSupply {
    guard !featureNames.isEmpty else { return .given(FeatureVector()) }
    guard let known = recorded.decision.features else {
      // They could not be read in time, unless the pipeline then had none.
      let wereLate = recorded.decision.degradedReasons.contains("features-unavailable")
      if wereLate { return .given(FeatureVector()) }
      throw NotReplayable(.featureNotRecorded, featureNames[0])
    }
    let byName = Dictionary(known.map { ($0.name, $0) }) { first, _ in first }
    var values: [Double] = []
    var statuses: [FeatureStatus] = []
    var ages: [Int64] = []
    for name in featureNames {
      guard let feature = byName[name], let status = Self.status(feature.status) else {
        throw NotReplayable(.featureNotRecorded, name)
      }
      values.append(feature.value ?? .nan)
      statuses.append(status)
      ages.append(feature.age ?? -1)
    }
    return .given(FeatureVector(values: values, statuses: statuses, ages: ages))
  }

  private static func status(_ word: String) -> FeatureStatus? {
    switch word {
    case "fresh": .fresh
    case "stale": .stale
    case "missing": .missing
    case "default": .default
    default: nil
    }
  }
}

/// Why a record cannot be decided again.
package struct NotReplayable: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of reasons.
  package enum Kind: String, Sendable, CaseIterable {
    /// The body is none of a decision.
    case unreadable = "body not readable"
    /// A sensitive value has a part in the decision, and was not recorded.
    case redacted = "redacted"
    case missingField = "field not recorded"
    case otherType = "field has another type now"
    case outsideSchema = "field does not fit the schema now"
    case featureNotRecorded = "feature not recorded"
    /// The pipeline gave no decision.
    case undecided
  }

  package var kind: Kind
  /// The field or feature at fault.
  package var name: String

  package init(_ kind: Kind, _ name: String = "") {
    self.kind = kind
    self.name = name
  }

  /// For people.
  package var description: String { name.isEmpty ? kind.rawValue : "\(kind.rawValue): \(name)" }
}
