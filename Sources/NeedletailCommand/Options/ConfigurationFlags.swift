import ArgumentParser
import Foundation
import ModelStore
import Monitoring

/// All flags that choose how to serve, and the file that can hold them.
struct ConfigurationFlags: ParsableArguments {
  @Option(help: "Configuration file in YAML: every flag is a key there, with '_' for '-'.")
  var config: String?
  @OptionGroup(title: "Models") var models: ModelFlags
  @OptionGroup(title: "Decisions") var decisions: DecisionFlags
  @OptionGroup(title: "Listeners") var listeners: ListenerFlags
  @OptionGroup(title: "Operation") var operation: OperationFlags

  /// Every flag under its key, given or not.
  var values: [FlagValues] {
    models.values + decisions.values + listeners.values + operation.values
  }

  /// The options that the file and the flags choose together: a flag beats the file, the file
  /// beats the default. All problems, not the first.
  func resolve() -> (options: ServerOptions, problems: [ConfigurationProblem]) {
    var reader = OptionReader()
    var file: ConfigurationFile?
    if let config {
      var opened = ConfigurationFile(path: config)
      opened.read(into: &reader)
      file = opened
    }
    for value in values where !value.texts.isEmpty {
      let flag = "--" + value.key.replacingOccurrences(of: "_", with: "-")
      reader.apply(
        OptionValue(
          key: value.key, texts: value.texts, origin: OptionOrigin(name: flag), isList: false))
    }
    var options = reader.options
    options.adoptTritonNames()
    let origins = reader.origins
    func origin(_ key: String) -> OptionOrigin {
      origins[key]
        ?? OptionOrigin(name: "--" + key.replacingOccurrences(of: "_", with: "-"))
    }
    var problems = reader.problems + options.problems(origin)
    if let file { problems += options.modelReferenceProblems(file.modelOrigins) }
    return (options, problems)
  }
}

extension ServerOptions {
  /// Takes over what was given under the other names of an option.
  mutating func adoptTritonNames() {
    if grpcUseSSL, grpc.certificate.isEmpty, grpc.key.isEmpty {
      grpc.certificate = grpcServerCertificate
      grpc.key = grpcServerKey
    }
    log.verboseLevel = UInt32(clamping: logVerbose)
  }

  /// The models that the file speaks of and no repository holds.
  func modelReferenceProblems(
    _ origins: [String: OptionOrigin]
  ) -> [ConfigurationProblem] {
    let known = Set(
      modelRepositories.flatMap {
        (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? []
      })
    guard !known.isEmpty else { return [] }
    return origins.filter { !known.contains($0.key) }
      .sorted { ($0.value.line, $0.key) < ($1.value.line, $1.key) }
      .map { name, origin in
        origin.problem(
          "no model repository holds the model '\(name)'",
          fix: NameSuggestion.fix(for: name, among: Array(known)))
      }
  }
}
