package import ModelRuntimes
package import Tensors

/// What a look at the repositories finds, without serving anything.
package struct RepositoryInspection: Sendable {
  /// What loading a version showed of it.
  package struct LoadedVersion: Sendable, Equatable {
    package var version: Int64
    package var inputs: [TensorSpec]
    package var outputs: [TensorSpec]
    /// 0 where the model has no batch dimension.
    package var maxBatchSize: Int
    package var batchesDynamically: Bool
    /// Microseconds.
    package var maxQueueDelayMicroseconds: Int64
    package var instanceCount: Int
    /// The completed configuration.
    package var configurationJSON: String
  }

  /// One model of a repository.
  package struct Model: Sendable, Equatable {
    package var name: String
    package var path: String
    /// The versions on disk, ascending.
    package var versions: [Int64]
    /// Those that the version policy serves.
    package var servedVersions: [Int64]
    /// `nil` where the model has no configuration.
    package var configurationPath: String?
    package var problems: [ConfigurationProblem]
    /// What was loaded; empty where no runtime was given.
    package var loaded: [LoadedVersion]
  }

  /// The models, sorted by name.
  package var models: [Model] = []
  /// What is wrong with the repositories themselves.
  package var problems: [ConfigurationProblem] = []

  /// Whether anything is wrong anywhere.
  package var hasProblems: Bool {
    !problems.isEmpty || models.contains { !$0.problems.isEmpty }
  }

  /// Looks at every model; blocking, and slow where models are loaded.
  ///
  /// - Parameters:
  ///   - options: the repositories, names and settings; the control mode does not matter.
  ///   - runtimes: what models may be loaded with; empty loads none.
  package static func inspect(
    _ options: StoreOptions, runtimes: [any ModelRuntime]
  ) -> RepositoryInspection {
    let scan = RepositoryScan.scan(options.repositories, strictNames: options.strictNames)
    var result = RepositoryInspection()
    for repository in scan.unreadable {
      result.problems.append(
        ConfigurationProblem(
          file: repository, message: "the model repository is missing or cannot be read"))
    }
    for (name, reason) in scan.refused.sorted(by: { $0.key < $1.key }) {
      result.problems.append(ConfigurationProblem(file: name, message: reason))
    }
    for folder in scan.models.values.sorted(by: { $0.name < $1.name }) {
      result.models.append(inspect(folder, options: options, runtimes: runtimes))
    }
    return result
  }

  private static func inspect(
    _ folder: ModelFolder, options: StoreOptions, runtimes: [any ModelRuntime]
  ) -> Model {
    var model = Model(
      name: folder.name, path: folder.path, versions: folder.versions, servedVersions: [],
      configurationPath: folder.hasConfiguration ? folder.configurationPath : nil, problems: [],
      loaded: [])
    let parsed: ParsedConfiguration
    do {
      parsed = try folder.readConfiguration()
    } catch {
      model.problems = error.problems
      return model
    }
    model.servedVersions = parsed.servedVersions(of: folder.versions)
    if model.servedVersions.isEmpty {
      model.problems.append(
        ConfigurationProblem(
          file: folder.path, message: parsed.noVersionText(of: folder.versions),
          fix: "add one, or change version_policy"))
    }
    let loader = VersionLoader(
      modelName: folder.name, folder: folder.path, parsed: parsed, runtimes: runtimes,
      modelSettings: options.modelSettings[folder.name] ?? ModelSettings(),
      autoComplete: !options.disableAutoComplete)
    if runtimes.isEmpty {
      model.problems += loader.problemsWithoutModel()
      return model
    }
    for version in model.servedVersions {
      do throws(LoadProblem) {
        let servable = try loader.load(version: version)
        model.loaded.append(LoadedVersion(servable))
      } catch {
        switch error {
        case .configuration(let failure):
          for problem in failure.problems where !model.problems.contains(problem) {
            model.problems.append(problem)
          }
        case .runtime(let failure):
          model.problems.append(
            ConfigurationProblem(
              file: "\(folder.path)/\(version)", message: failure.message))
        }
      }
    }
    return model
  }
}

extension RepositoryInspection.LoadedVersion {
  fileprivate init(_ servable: ServableVersion) {
    let configuration = servable.configuration
    self.init(
      version: servable.version, inputs: configuration.inputs, outputs: configuration.outputs,
      maxBatchSize: configuration.maxBatchSize,
      batchesDynamically: configuration.batchesDynamically,
      maxQueueDelayMicroseconds: configuration.maxQueueDelayMicroseconds,
      instanceCount: configuration.instanceCount, configurationJSON: configuration.jsonText())
  }
}
