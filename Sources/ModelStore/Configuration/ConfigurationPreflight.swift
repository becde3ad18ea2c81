/// The checks of a configuration that need no model: what is not served, and what contradicts
/// itself.
struct ConfigurationPreflight {
  /// The most instances that one model may have.
  static let instanceCountMax = 1024
  /// The most priorities that one model may have.
  static let priorityLevelMax = 1024

  private let parsed: ParsedConfiguration
  private var message: Inference_ModelConfig { parsed.message }
  private(set) var problems: [ConfigurationProblem] = []

  static func problems(
    of parsed: ParsedConfiguration, modelName: String
  ) -> [ConfigurationProblem] {
    var check = ConfigurationPreflight(parsed: parsed)
    check.checkNames(modelName)
    check.checkScheduling()
    check.checkTensors()
    check.checkPlacement()
    return check.problems
  }

  private init(parsed: ParsedConfiguration) { self.parsed = parsed }

  private mutating func report(_ path: String, _ message: String, fix: String = "") {
    problems.append(parsed.problem(at: path, message, fix: fix))
  }

  private mutating func refuse(_ path: String, _ feature: String) {
    report(path, "\(feature) is not served yet", fix: "remove it, or serve this model elsewhere")
  }

  private mutating func checkNames(_ modelName: String) {
    if !message.name.isEmpty, message.name != modelName {
      report(
        "name", "the configuration names the model '\(message.name)', its folder '\(modelName)'",
        fix: "make them equal, or leave the name out")
    }
    if message.platform == "ensemble" { refuse("platform", "an ensemble (platform 'ensemble')") }
    let filename = message.defaultModelFilename
    if !filename.isEmpty, !RelativePath.isSafe(filename) {
      report(
        "default_model_filename", "the file name '\(filename)' leaves the version's folder",
        fix: "name a file inside it")
    }
    if case .specific(let specific)? = message.versionPolicy.policyChoice {
      if specific.versions.isEmpty {
        report("version_policy.specific", "the version policy names no version")
      }
      if let version = specific.versions.first(where: { $0 < 1 }) {
        report("version_policy.specific.versions", "there is no version \(version)",
          fix: "versions start at 1")
      }
    }
  }

  private mutating func checkScheduling() {
    if message.maxBatchSize < 0 {
      report("max_batch_size", "max_batch_size is \(message.maxBatchSize)", fix: "use 0 or more")
    }
    switch message.schedulingChoice {
    case .dynamicBatching(let batching)?: checkBatching(batching)
    case .sequenceBatching?: refuse("sequence_batching", "sequence_batching")
    case .ensembleScheduling?: refuse("ensemble_scheduling", "ensemble_scheduling")
    case nil: break
    }
    if message.modelTransactionPolicy.decoupled {
      refuse("model_transaction_policy.decoupled", "a decoupled model")
    }
    if message.responseCache.enable { refuse("response_cache.enable", "response_cache") }
    if !message.batchInput.isEmpty { refuse("batch_input", "batch_input") }
    if !message.batchOutput.isEmpty { refuse("batch_output", "batch_output") }
    if !message.modelRepositoryAgents.agents.isEmpty {
      refuse("model_repository_agents", "model_repository_agents")
    }
  }

  private mutating func checkBatching(_ batching: Inference_ModelDynamicBatching) {
    let path = "dynamic_batching"
    let largest = message.maxBatchSize
    for (index, size) in batching.preferredBatchSize.enumerated() {
      if size < 1 || (parsed.sets("max_batch_size") && size > largest) {
        report(
          "\(path).preferred_batch_size[\(index)]",
          "the preferred batch size \(size) is outside 1...\(max(1, largest))",
          fix: "keep it within max_batch_size, which is \(largest)")
      }
    }
    let levels = batching.priorityLevels
    if levels > UInt64(Self.priorityLevelMax) {
      report(
        "\(path).priority_levels", "priority_levels is \(levels)",
        fix: "use at most \(Self.priorityLevelMax)")
    }
    let initial = batching.defaultPriorityLevel
    if levels > 0, initial < 1 || initial > levels {
      report(
        "\(path).default_priority_level",
        "default_priority_level is \(initial), the levels are 1...\(levels)",
        fix: "set it to one of them")
    }
    for level in batching.priorityQueuePolicy.keys.sorted() where level < 1 || level > levels {
      report(
        "\(path).priority_queue_policy[\(level)]",
        "priority_queue_policy names level \(level), the levels are "
          + (levels == 0 ? "not set" : "1...\(levels)"),
        fix: "set priority_levels, or remove the policy")
    }
  }

  private mutating func checkTensors() {
    var names: Set<String> = []
    for (index, input) in message.input.enumerated() {
      let path = "input[\(index)]"
      checkTensor(path, input.name, input.dims, &names, kind: "input")
      if input.hasReshape { refuse("\(path).reshape", "reshape of the input '\(input.name)'") }
      if input.allowRaggedBatch {
        refuse("\(path).allow_ragged_batch", "allow_ragged_batch of the input '\(input.name)'")
      }
      if input.isShapeTensor {
        refuse("\(path).is_shape_tensor", "is_shape_tensor of the input '\(input.name)'")
      }
      if input.isNonLinearFormatIo {
        refuse("\(path).is_non_linear_format_io", "is_non_linear_format_io")
      }
    }
    names = []
    for (index, output) in message.output.enumerated() {
      let path = "output[\(index)]"
      checkTensor(path, output.name, output.dims, &names, kind: "output")
      if output.hasReshape { refuse("\(path).reshape", "reshape of the output '\(output.name)'") }
      if output.isShapeTensor {
        refuse("\(path).is_shape_tensor", "is_shape_tensor of the output '\(output.name)'")
      }
      if output.isNonLinearFormatIo {
        refuse("\(path).is_non_linear_format_io", "is_non_linear_format_io")
      }
      if !output.labelFilename.isEmpty, !RelativePath.isSafe(output.labelFilename) {
        report(
          "\(path).label_filename",
          "the label file '\(output.labelFilename)' leaves the model's folder",
          fix: "name a file inside it")
      }
    }
  }

  private mutating func checkTensor(
    _ path: String, _ name: String, _ dims: [Int64], _ names: inout Set<String>, kind: String
  ) {
    if name.isEmpty { report(path, "an \(kind) has no name", fix: "give its name in the model") }
    if !name.isEmpty, !names.insert(name).inserted {
      report("\(path).name", "the \(kind) '\(name)' is given twice", fix: "remove one of them")
    }
    for (axis, size) in dims.enumerated() where size == 0 || size < -1 {
      report(
        "\(path).dims[\(axis)]", "the \(kind) '\(name)' has a dimension of \(size)",
        fix: "use -1 for a size that varies, else at least 1")
    }
  }

  private mutating func checkPlacement() {
    var total = 0
    for (index, group) in message.instanceGroup.enumerated() {
      if group.count < 0 {
        report("instance_group[\(index)].count", "count is \(group.count)", fix: "use 0 or more")
      }
      if group.passive { refuse("instance_group[\(index)].passive", "a passive instance group") }
      total += Int(max(0, group.count))
    }
    if total > Self.instanceCountMax {
      report(
        "instance_group", "the groups ask for \(total) instances",
        fix: "use at most \(Self.instanceCountMax)")
    }
    for (index, file) in message.modelOperations.opLibraryFilename.enumerated()
    where !file.hasPrefix("/") && !RelativePath.isSafe(file) {
      report(
        "model_operations.op_library_filename[\(index)]",
        "the library '\(file)' leaves the model's folder",
        fix: "name a file inside it, or give an absolute path")
    }
    for (index, sample) in message.modelWarmup.enumerated() {
      for (name, input) in sample.inputs {
        if case .inputDataFile(let file)? = input.inputDataType, !RelativePath.isSafe(file) {
          report(
            "model_warmup[\(index)].inputs[\"\(name)\"].input_data_file",
            "the file '\(file)' leaves the folder 'warmup'", fix: "name a file inside it")
        }
      }
    }
  }
}
