internal import ModelRuntimes
internal import Tensors

/// Completes a configuration from the model's signature, and checks that the two agree.
struct ConfigurationCompletion {
  /// The batch size of a model that can be batched and whose configuration does not say.
  static let defaultMaxBatchSize: Int32 = 64

  private let parsed: ParsedConfiguration
  private let signature: ModelSignature
  private let autoComplete: Bool
  private var message: Inference_ModelConfig
  private var problems: [ConfigurationProblem] = []

  /// - Parameters:
  ///   - labelFiles: the lines of each label file that the configuration names.
  ///   - autoComplete: whether what the configuration leaves out is taken from the model.
  /// - Throws: every problem found.
  static func complete(
    _ parsed: ParsedConfiguration, modelName: String, signature: ModelSignature,
    labelFiles: [String: [String]], modelSettings: ModelSettings, autoComplete: Bool
  ) throws(ConfigurationFailure) -> ModelConfiguration {
    var work = ConfigurationCompletion(
      parsed: parsed, signature: signature, autoComplete: autoComplete, message: parsed.message)
    work.problems = ConfigurationPreflight.problems(of: parsed, modelName: modelName)
    var settings = ServingSettings(parsed, problems: &work.problems)
    modelSettings.merge(into: &settings, model: modelName, problems: &work.problems)
    guard work.problems.isEmpty else { throw ConfigurationFailure(work.problems) }

    work.message.name = modelName
    work.completeDefaults(modelName)
    work.completeBatching()
    let inputs = work.completeInputs()
    let outputs = work.completeOutputs()
    work.checkPreferredSizes()
    guard work.problems.isEmpty else { throw ConfigurationFailure(work.problems) }
    let labels = outputs.map { spec -> [String] in
      let file = work.message.output.first { $0.name == spec.name }?.labelFilename ?? ""
      return labelFiles[file] ?? []
    }
    return ModelConfiguration(
      message: work.message, inputs: inputs, outputs: outputs, labels: labels, settings: settings)
  }

  private init(
    parsed: ParsedConfiguration, signature: ModelSignature, autoComplete: Bool,
    message: Inference_ModelConfig
  ) {
    self.parsed = parsed
    self.signature = signature
    self.autoComplete = autoComplete
    self.message = message
  }

  private mutating func report(_ path: String, _ message: String, fix: String = "") {
    problems.append(parsed.problem(at: path, message, fix: fix))
  }

  private mutating func completeDefaults(_ modelName: String) {
    if message.platform.isEmpty { message.platform = "onnxruntime_onnx" }
    if message.backend.isEmpty { message.backend = "onnxruntime" }
    if message.defaultModelFilename.isEmpty { message.defaultModelFilename = "model.onnx" }
    if message.versionPolicy.policyChoice == nil { message.versionPolicy.latest.numVersions = 1 }
    if message.versionPolicy.latest.numVersions == 0,
      case .latest? = message.versionPolicy.policyChoice
    {
      message.versionPolicy.latest.numVersions = 1
    }
    if message.instanceGroup.isEmpty {
      message.instanceGroup = [Inference_ModelInstanceGroup()]
    }
    for index in message.instanceGroup.indices {
      if message.instanceGroup[index].name.isEmpty {
        message.instanceGroup[index].name = "\(modelName)_\(index)"
      }
      if message.instanceGroup[index].count == 0 { message.instanceGroup[index].count = 1 }
      if message.instanceGroup[index].kind == .auto { message.instanceGroup[index].kind = .cpu }
    }
  }

  /// Whether the first dimension of every tensor varies, as a batch dimension does.
  private var hasBatchDimension: Bool {
    let all = signature.inputs + signature.outputs
    return !signature.inputs.isEmpty && !signature.outputs.isEmpty
      && all.allSatisfy { $0.dimensions.first == -1 }
  }

  /// Whether the configuration states a tensor with all of its dimensions, the first included.
  private var statesFullDimensions: Bool {
    let inputs = message.input.map { ($0.name, $0.dims.count) }
    let outputs = message.output.map { ($0.name, $0.dims.count) }
    func matches(_ stated: [(String, Int)], _ specs: [TensorSpec]) -> Bool {
      stated.contains { name, rank in
        rank > 0 && specs.contains { $0.name == name && $0.dimensions.count == rank }
      }
    }
    return matches(inputs, signature.inputs) || matches(outputs, signature.outputs)
  }

  private mutating func completeBatching() {
    if !parsed.sets("max_batch_size"), autoComplete, hasBatchDimension, !statesFullDimensions {
      message.maxBatchSize = Self.defaultMaxBatchSize
    }
    if message.maxBatchSize >= 1, !hasBatchDimension {
      let fixed = (signature.inputs + signature.outputs).filter { $0.dimensions.first != -1 }
      let list = fixed.prefix(3).map { "'\($0.name)' \(Self.text($0.dimensions))" }
      report(
        "max_batch_size",
        "max_batch_size is \(message.maxBatchSize), but the model has no batch dimension: "
          + "the first dimension of \(list.joined(separator: ", ")) does not vary",
        fix: "set max_batch_size: 0, or export the model with a variable first dimension")
    }
    if message.maxBatchSize > 1, message.schedulingChoice == nil, autoComplete {
      message.schedulingChoice = .dynamicBatching(Inference_ModelDynamicBatching())
    }
  }

  private mutating func checkPreferredSizes() {
    guard case .dynamicBatching(let batching)? = message.schedulingChoice else { return }
    for (index, size) in batching.preferredBatchSize.enumerated() where size > message.maxBatchSize
    {
      report(
        "dynamic_batching.preferred_batch_size[\(index)]",
        "the preferred batch size \(size) is above max_batch_size, which is "
          + "\(message.maxBatchSize)", fix: "set max_batch_size to at least \(size)")
    }
  }

  private mutating func completeInputs() -> [TensorSpec] {
    reportUnknown(message.input.map(\.name), kind: "input", known: signature.inputs)
    return signature.inputs.map { spec in
      let index = message.input.firstIndex { $0.name == spec.name }
      if index == nil, !autoComplete { reportMissing("input", spec) }
      var tensor = index.map { message.input[$0] } ?? Inference_ModelInput()
      tensor.name = spec.name
      let path = index.map { "input[\($0)]" } ?? "input"
      var result = merge(
        spec, type: &tensor.dataType, dims: &tensor.dims, path: path, kind: "input")
      result.isOptional = spec.isOptional || tensor.optional
      tensor.optional = result.isOptional
      if let index { message.input[index] = tensor } else { message.input.append(tensor) }
      return result
    }
  }

  private mutating func completeOutputs() -> [TensorSpec] {
    reportUnknown(message.output.map(\.name), kind: "output", known: signature.outputs)
    return signature.outputs.map { spec in
      let index = message.output.firstIndex { $0.name == spec.name }
      var tensor = index.map { message.output[$0] } ?? Inference_ModelOutput()
      tensor.name = spec.name
      let path = index.map { "output[\($0)]" } ?? "output"
      let result = merge(
        spec, type: &tensor.dataType, dims: &tensor.dims, path: path, kind: "output")
      if let index { message.output[index] = tensor } else { message.output.append(tensor) }
      return result
    }
  }

  private mutating func reportUnknown(_ names: [String], kind: String, known: [TensorSpec]) {
    for (index, name) in names.enumerated() where !known.contains(where: { $0.name == name }) {
      report(
        "\(kind)[\(index)].name", "the model has no \(kind) '\(name)'",
        fix: NameSuggestion.fix(for: name, among: known.map(\.name)))
    }
  }

  private mutating func reportMissing(_ kind: String, _ spec: TensorSpec) {
    report(
      kind, "the model's \(kind) '\(spec.name)' is not in the configuration",
      fix: "add it: data_type \(spec.elementType.configurationName), "
        + "dimensions \(Self.text(spec.dimensions))")
  }

  /// Checks one tensor's type and dimensions, or takes them from the model where not given.
  private mutating func merge(
    _ spec: TensorSpec, type: inout Inference_DataType, dims: inout [Int64], path: String,
    kind: String
  ) -> TensorSpec {
    var result = spec
    let expected = spec.elementType.configurationName
    let modelType = Inference_DataType(rawValue: Int(spec.elementType.rawValue)) ?? .typeInvalid
    if type == .typeInvalid {
      type = modelType
    } else if type != modelType {
      let found = ElementType(rawValue: UInt8(clamping: type.rawValue))?.configurationName
      report(
        "\(path).data_type",
        "the \(kind) '\(spec.name)' is \(found ?? "TYPE_INVALID") in the configuration, "
          + "\(expected) in the model", fix: "write data_type: \(expected)")
    }
    if spec.dimensions.count > TensorShape.rankMax {
      report(
        path, "the \(kind) '\(spec.name)' has \(spec.dimensions.count) dimensions, "
          + "the most is \(TensorShape.rankMax)")
    }
    let batched = message.maxBatchSize >= 1
    let rows = batched ? Array(spec.dimensions.dropFirst()) : spec.dimensions
    if dims.isEmpty {
      dims = rows.map(Int64.init)
      return result
    }
    let agrees =
      dims.count == rows.count && zip(dims, rows).allSatisfy { $1 == -1 || Int64($1) == $0 }
    guard agrees else {
      report(
        "\(path).dims",
        "the \(kind) '\(spec.name)' has dims \(Self.text(dims.map(Int.init))) in the "
          + "configuration, \(Self.text(rows)) in the model"
          + (batched ? " after the batch dimension" : ""),
        fix: "write dims: \(Self.text(rows))")
      return result
    }
    result.dimensions = (batched ? [-1] : []) + dims.map(Int.init)
    return result
  }

  private static func text(_ dimensions: [Int]) -> String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }
}
