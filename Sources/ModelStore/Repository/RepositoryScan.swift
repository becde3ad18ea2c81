/// What the repositories hold at one moment.
struct RepositoryScan: Sendable {
  /// The models that can be told apart, by name.
  var models: [String: ModelFolder] = [:]
  /// Why a folder is not a model: a bad name, or one that two repositories share.
  var refused: [String: String] = [:]
  /// The repositories that could not be read.
  var unreadable: [String] = []

  /// The names of all models, also those that are refused.
  var names: [String] { Set(models.keys).union(refused.keys).sorted() }

  /// Looks through every repository; blocking.
  static func scan(_ repositories: [String], strictNames: Bool) -> RepositoryScan {
    var result = RepositoryScan()
    var homes: [String: String] = [:]
    for repository in repositories {
      guard let names = FileAccess.names(in: repository) else {
        result.unreadable.append(repository)
        continue
      }
      for name in names where !name.hasPrefix(".") {
        let path = repository + "/" + name
        guard FileAccess.isDirectory(path) else { continue }
        if let first = homes.updateValue(repository, forKey: name) {
          result.models[name] = nil
          result.refused[name] =
            "the model '\(name)' is in two repositories, '\(first)' and '\(repository)'; "
            + "remove or rename one of them"
        } else if let problem = RelativePath.modelNameProblem(name, isStrict: strictNames) {
          result.refused[name] = problem
        } else {
          result.models[name] = ModelFolder(name: name, path: path)
        }
      }
    }
    return result
  }
}
