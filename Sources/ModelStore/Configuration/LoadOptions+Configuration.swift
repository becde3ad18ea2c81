internal import ModelRuntimes

extension LoadOptions {
  /// The options that a configuration asks for.
  ///
  /// Understands the parameters of Triton's ONNX Runtime backend. What is wrong is added to
  /// `problems`.
  ///
  /// - Parameter folder: the model's folder, where libraries of operators are looked up.
  init(
    source: Source, parsed: ParsedConfiguration, settings: ServingSettings, folder: String,
    problems: inout [ConfigurationProblem]
  ) {
    self.init(source: source)
    let message = parsed.message
    for (key, parameter) in message.parameters.sorted(by: { $0.key < $1.key }) {
      let value = parameter.stringValue
      if let wanted = apply(key: key, value: value) {
        problems.append(
          parsed.problem(
            at: "parameters[\"\(key)\"]",
            "the parameter '\(key)' takes \(wanted), found '\(ConfigurationNode.cut(value))'"))
      }
    }
    applyExecutionMode(message.parameters["execution_mode"]?.stringValue)
    switch message.optimization.graph.level {
    case 0: graphOptimization = .all
    case -1: graphOptimization = .basic
    case 1: graphOptimization = .extended
    case 2: graphOptimization = .none
    case let level:
      problems.append(
        parsed.problem(
          at: "optimization.graph.level", "the graph optimization level is \(level)",
          fix: "use -1 (basic), 1 (extended), 2 (none), or leave it out for all"))
    }
    executionProviders = Self.providers(message, settings)
    intraOpAffinity = settings.cpuAffinity
    customOperatorLibraries = message.modelOperations.opLibraryFilename.map { file in
      file.hasPrefix("/") ? file : folder + "/" + file
    }
  }

  /// Applies one parameter; returns what it takes if its value is not that.
  private mutating func apply(key: String, value: String) -> String? {
    switch key {
    case "intra_op_thread_count":
      guard let count = Int(value), (0...1024).contains(count) else { return "0 to 1024 threads" }
      intraOpThreads = count
    case "inter_op_thread_count":
      guard let count = Int(value), (0...1024).contains(count) else { return "0 to 1024 threads" }
      interOpThreads = count
    case "execution_mode":
      guard value == "0" || value == "1" else { return "0 (sequential) or 1 (parallel)" }
    case "enable_mem_arena", "enable_mem_pattern", "memory.enable_memory_arena_shrinkage":
      sessionEntries[key] = value
    case _ where Self.sessionPrefixes.contains(where: key.hasPrefix):
      sessionEntries[key] = value
    default: break
    }
    return nil
  }

  /// The beginnings of the runtime's own session keys.
  private static let sessionPrefixes = ["session.", "optimization.", "ep.", "mlas."]

  /// Sequential execution has no use for threads across branches; parallel needs some.
  private mutating func applyExecutionMode(_ mode: String?) {
    if mode == "0" { interOpThreads = 1 }
    if mode == "1", interOpThreads == 1 { interOpThreads = 0 }
  }

  private static func providers(
    _ message: Inference_ModelConfig, _ settings: ServingSettings
  ) -> [ExecutionProvider] {
    if !settings.executionProviders.isEmpty {
      return settings.executionProviders.filter { $0.lowercased() != "cpu" }.map { name in
        ExecutionProvider(name: name, options: settings.providerOptions[name] ?? [:])
      }
    }
    let accelerators = message.optimization.executionAccelerators
    var result = (accelerators.gpuExecutionAccelerator + accelerators.cpuExecutionAccelerator)
      .map { ExecutionProvider(name: $0.name, options: options(of: $0)) }
    if let group = message.instanceGroup.first(where: { $0.kind == .gpu }),
      !result.contains(where: { $0.name == "cuda" })
    {
      var options = settings.providerOptions["cuda"] ?? [:]
      if let device = group.gpus.first { options["device_id"] = String(device) }
      result.append(ExecutionProvider(name: "cuda", options: options))
    }
    return result
  }

  /// An accelerator's parameters under the names that the runtime's provider uses.
  private static func options(
    of accelerator: Inference_ModelOptimizationPolicy.ExecutionAccelerators.Accelerator
  ) -> [String: String] {
    guard accelerator.name == "tensorrt" else { return accelerator.parameters }
    var result: [String: String] = [:]
    for (key, value) in accelerator.parameters {
      switch key {
      case "precision_mode":
        if value == "FP16" { result["trt_fp16_enable"] = "1" }
        if value == "INT8" { result["trt_int8_enable"] = "1" }
      case "max_workspace_size_bytes": result["trt_max_workspace_size"] = value
      case "int8_calibration_table_name": result["trt_int8_calibration_table_name"] = value
      case "int8_use_native_calibration_table":
        result["trt_int8_use_native_calibration_table"] = value
      default: result[key] = value
      }
    }
    return result
  }
}
