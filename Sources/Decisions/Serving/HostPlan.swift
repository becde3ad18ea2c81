internal import Definitions
internal import Features

/// Files of pipelines, read and checked against each other: what a host is to serve.
struct HostPlan: Sendable {
  /// One file of views.
  struct Views: Sendable {
    /// The same for the same file.
    let key: String
    /// The path as the pipelines have it.
    let path: String
    let definitions: FeatureDefinitions
  }

  private(set) var definitions: [PipelineDefinition] = []
  private(set) var views: [Views] = []
  private var problems: [String] = []

  /// Reads all files.
  ///
  /// - Throws: everything that is wrong with them.
  init(_ files: [String]) throws(DecisionHostFailure) {
    var owners: [String: String] = [:]
    for file in files {
      guard let definition = read(file) else { continue }
      if let other = owners[definition.name] {
        problems.append(
          "\(file): the pipeline '\(definition.name)' is that of \(other) too; rename one of them")
      }
      owners[definition.name] = file
      definitions.append(definition)
      if let use = definition.features { add(use) }
    }
    checkNames("source") { $0.sources.map(\.name) }
    checkNames("view of attributes") { definitions in
      definitions.attributeFiles.map { definitions.views[$0.view].name }
    }
    checkNames("service") { $0.services.map(\.name) }
    guard problems.isEmpty else { throw DecisionHostFailure(problems: problems) }
  }

  private mutating func read(_ file: String) -> PipelineDefinition? {
    guard let text = HostFiles.text(file) else {
      problems.append("\(file): cannot be read as UTF-8; check the path")
      return nil
    }
    do throws(DefinitionError) {
      return try PipelineFile.parse(text, path: file) { HostFiles.text($0) }
    } catch {
      problems += error.problems.map(\.description)
      return nil
    }
  }

  private mutating func add(_ use: FeatureUse) {
    let key = HostFiles.canonical(use.path)
    guard let known = views.first(where: { $0.key == key }) else {
      let stem = HostFiles.stem(use.path)
      if let other = views.first(where: { HostFiles.stem($0.path) == stem }) {
        problems.append(
          "\(use.path): its state would be kept where that of \(other.path) is; rename one of them")
      }
      return views.append(Views(key: key, path: use.path, definitions: use.definitions))
    }
    if known.definitions.digest != use.definitions.digest {
      problems.append("\(use.path): was changed while it was read; try again")
    }
  }

  /// Names are addresses: each belongs to one file.
  private mutating func checkNames(_ what: String, _ names: (FeatureDefinitions) -> [String]) {
    var owners: [String: String] = [:]
    for file in views {
      for name in names(file.definitions) {
        if let other = owners[name] {
          problems.append(
            "\(file.path): the \(what) '\(name)' is declared in \(other) too; give it another name")
        }
        owners[name] = file.path
      }
    }
  }
}
