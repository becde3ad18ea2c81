internal import ModelRuntimes

/// Why a version could not be loaded.
enum LoadProblem: Error, Sendable, Equatable {
  case configuration(ConfigurationFailure)
  case runtime(RuntimeFailure)

  /// The reason as the repository index prints it.
  var text: String {
    switch self {
    case .configuration(let failure): failure.description
    case .runtime(let failure): failure.message
    }
  }
}

/// Loads one version of a model from its folder: reads, loads, completes, checks, warms up.
/// Blocking; runs on a loading thread.
struct VersionLoader: Sendable {
  /// The largest label file that is read, in bytes.
  static let labelByteCountMax = 16 << 20

  var modelName: String
  /// The folder that holds the version folders.
  var folder: String
  var parsed: ParsedConfiguration
  var runtimes: [any ModelRuntime]
  var modelSettings: ModelSettings
  var autoComplete: Bool

  /// Everything wrong that shows without a model and without a runtime.
  func problemsWithoutModel() -> [ConfigurationProblem] {
    var problems = ConfigurationPreflight.problems(of: parsed, modelName: modelName)
    var settings = ServingSettings(parsed, problems: &problems)
    modelSettings.merge(into: &settings, model: modelName, problems: &problems)
    _ = LoadOptions(
      source: .file(path: ""), parsed: parsed, settings: settings, folder: folder,
      problems: &problems)
    return problems
  }

  private func checkConfiguration() throws(LoadProblem) {
    var problems = problemsWithoutModel()
    if problems.isEmpty { _ = chooseRuntime(problems: &problems) }
    if !problems.isEmpty { throw .configuration(ConfigurationFailure(problems)) }
  }

  /// Whether the runtime starts threads of its own for this model.
  var startsRuntimeThreads: Bool {
    var ignored: [ConfigurationProblem] = []
    let options = LoadOptions(
      source: .file(path: ""), parsed: parsed,
      settings: ServingSettings(parsed, problems: &ignored), folder: folder, problems: &ignored)
    return options.intraOpThreads != 1 || options.interOpThreads != 1
      || !options.executionProviders.isEmpty
  }

  /// Loads the version in the folder `version`, ready to be prepared and published.
  func load(version: Int64) throws(LoadProblem) -> ServableVersion {
    try checkConfiguration()
    let (configuration, model) = try loadModel(version: version)
    try WarmUp.run(configuration, model: model, folder: folder, parsed: parsed)
    return ServableVersion(
      modelName: modelName, version: version, configuration: configuration, model: model)
  }

  private func loadModel(
    version: Int64
  ) throws(LoadProblem) -> (configuration: ModelConfiguration, model: any LoadedModel) {
    var problems: [ConfigurationProblem] = []
    var settings = ServingSettings(parsed, problems: &problems)
    modelSettings.merge(into: &settings, model: modelName, problems: &problems)
    let labels = labelFiles(problems: &problems)
    let file = modelFile(version: version, problems: &problems)
    let options = LoadOptions(
      source: .file(path: file), parsed: parsed, settings: settings, folder: folder,
      problems: &problems)
    let chosen = chooseRuntime(problems: &problems)
    guard problems.isEmpty, let runtime = chosen else {
      throw .configuration(ConfigurationFailure(problems))
    }
    let model: any LoadedModel
    do { model = try runtime.load(options) } catch { throw .runtime(error) }
    do {
      let configuration = try ConfigurationCompletion.complete(
        parsed, modelName: modelName, signature: model.signature, labelFiles: labels,
        modelSettings: modelSettings, autoComplete: autoComplete)
      return (configuration, model)
    } catch {
      throw .configuration(error)
    }
  }

  private func chooseRuntime(problems: inout [ConfigurationProblem]) -> (any ModelRuntime)? {
    let platform = parsed.message.platform
    let backend = parsed.message.backend
    if platform.isEmpty, backend.isEmpty {
      if autoComplete, let first = runtimes.first { return first }
      problems.append(
        parsed.problem(
          at: "backend", "neither backend nor platform is given", fix: known(\.backend)))
      return nil
    }
    let match = runtimes.first { runtime in
      (platform.isEmpty || runtime.platform == platform)
        && (backend.isEmpty || runtime.backend == backend)
    }
    if match == nil {
      let isBackend = !backend.isEmpty && !runtimes.contains { $0.backend == backend }
      let path = isBackend || platform.isEmpty ? "backend" : "platform"
      problems.append(
        parsed.problem(
          at: path, "the \(path) '\(isBackend || platform.isEmpty ? backend : platform)' "
            + "is not served by this build",
          fix: known(path == "backend" ? \.backend : \.platform)))
    }
    return match
  }

  private func known(_ name: (any ModelRuntime) -> String) -> String {
    "known here: " + runtimes.map(name).joined(separator: ", ")
  }

  /// The path of the version's model file; what is wrong with it is added to `problems`.
  private func modelFile(version: Int64, problems: inout [ConfigurationProblem]) -> String {
    let configured = parsed.message.defaultModelFilename
    let name = configured.isEmpty ? "model.onnx" : configured
    let versionFolder = "\(folder)/\(version)"
    let path = versionFolder + "/" + name
    switch FileAccess.status(path)?.kind {
    case .file?: break
    case .directory?:
      problems.append(
        ConfigurationProblem(
          file: path, message: "the model is a folder, which is not served",
          fix: "put the model into one file named '\(name)'"))
    case nil:
      let present = (FileAccess.names(in: versionFolder) ?? []).filter { !$0.hasPrefix(".") }
      let candidates = present.filter { $0.hasSuffix(".onnx") }
      problems.append(
        ConfigurationProblem(
          file: path,
          message: "there is no such model file; the folder holds "
            + (present.isEmpty ? "nothing" : present.prefix(8).joined(separator: ", ")),
          fix: candidates.count == 1
            ? "rename '\(candidates[0])', or set default_model_filename: \"\(candidates[0])\""
            : "name it '\(name)', or set default_model_filename"))
    }
    return path
  }

  private func labelFiles(problems: inout [ConfigurationProblem]) -> [String: [String]] {
    var result: [String: [String]] = [:]
    for (index, output) in parsed.message.output.enumerated()
    where !output.labelFilename.isEmpty && RelativePath.isSafe(output.labelFilename) {
      let path = folder + "/" + output.labelFilename
      guard let bytes = FileAccess.read(path, byteCountMax: Self.labelByteCountMax) else {
        problems.append(
          parsed.problem(
            at: "output[\(index)].label_filename",
            "the label file '\(path)' is missing, unreadable or too large",
            fix: "put it there, at most \(Self.labelByteCountMax) bytes"))
        continue
      }
      var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
        String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
      }
      while lines.last == "" { lines.removeLast() }
      result[output.labelFilename] = lines
    }
    return result
  }
}
