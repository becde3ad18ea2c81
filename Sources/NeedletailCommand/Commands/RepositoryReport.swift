import ModelRuntimes
import ModelStore

/// What `needletail check` says of the model repositories.
struct RepositoryReport {
  private let inspection: RepositoryInspection
  private let runtimeProblem: ConfigurationProblem?

  /// Looks at every model; loads each once where the runtime is there. Blocking.
  init(options: ServerOptions) {
    var runtimes: [any ModelRuntime] = []
    var problem: ConfigurationProblem?
    do {
      runtimes = [try EngineParts.makeRuntime(options)]
    } catch {
      problem = ConfigurationProblem(file: "--onnxruntime-library", message: "\(error)")
    }
    runtimeProblem = problem
    var store = options.storeOptions
    // The options themselves report repositories that are not there.
    store.repositories = store.repositories.filter { FileCheck.isFolder($0) }
    inspection = RepositoryInspection.inspect(store, runtimes: runtimes)
  }

  var problems: [ConfigurationProblem] {
    (runtimeProblem.map { [$0] } ?? []) + inspection.problems
      + inspection.models.flatMap(\.problems)
  }

  /// How much was found in order.
  var summary: String {
    let versions = inspection.models.reduce(0) { $0 + $1.servedVersions.count }
    let models = inspection.models.count
    return "\(models) \(models == 1 ? "model" : "models"), \(versions) "
      + (versions == 1 ? "version" : "versions")
  }
}
