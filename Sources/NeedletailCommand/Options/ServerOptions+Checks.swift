import Foundation
import ModelStore
import Monitoring

extension ServerOptions {
  /// What is wrong with the options as a whole: values that contradict each other, and places that
  /// do not exist. `origin` says where an option was written.
  func problems(_ origin: (String) -> OptionOrigin) -> [ConfigurationProblem] {
    repositoryProblems(origin) + pipelineProblems(origin) + listenerProblems(origin)
      + tlsProblems(origin) + modeProblems(origin) + traceProblems(origin)
  }

  private func repositoryProblems(
    _ origin: (String) -> OptionOrigin
  ) -> [ConfigurationProblem] {
    let place = origin("model_repository")
    if modelRepositories.isEmpty {
      // A pipeline of rules alone asks no model.
      guard pipelines.isEmpty else { return [] }
      return [
        place.problem(
          "no model repository", fix: "give --model-repository DIR, or model_repository in a file")
      ]
    }
    return modelRepositories.compactMap { path in
      if !FileManager.default.fileExists(atPath: path) {
        return place.problem(
          "model repository '\(path)' does not exist", fix: "give the path of a folder")
      }
      guard FileCheck.isFolder(path) else {
        return place.problem(
          "model repository '\(path)' is a file", fix: "give the path of its folder")
      }
      guard FileManager.default.isReadableFile(atPath: path) else {
        return place.problem(
          "model repository '\(path)' cannot be read", fix: "check its permissions")
      }
      return nil
    }
  }

  private func listenerProblems(
    _ origin: (String) -> OptionOrigin
  ) -> [ConfigurationProblem] {
    var result: [ConfigurationProblem] = []
    if !http.isAllowed, !grpc.isAllowed {
      result.append(
        origin("allow_grpc").problem(
          "both HTTP and gRPC are switched off", fix: "allow one of them"))
    }
    let ports = [
      ("http_port", http.isAllowed, http.address, http.port),
      ("grpc_port", grpc.isAllowed, grpc.address, grpc.port),
      ("metrics_port", metrics.isAllowed, metricsAddress, metrics.port),
    ].filter { $0.1 && $0.3 != 0 }
    for (index, first) in ports.enumerated() {
      for second in ports[(index + 1)...]
      where first.3 == second.3 && Self.overlap(first.2, second.2) {
        result.append(
          origin(second.0).problem(
            "'\(second.0)' is \(second.3), which '\(first.0)' uses too",
            fix: "give each its own port"))
      }
    }
    if !http.socket.isEmpty, http.socket == grpc.socket {
      result.append(
        origin("grpc_socket").problem(
          "'grpc_socket' is '\(grpc.socket)', which 'http_socket' uses too",
          fix: "give each its own socket"))
    }
    for (key, socket) in [("http_socket", http.socket), ("grpc_socket", grpc.socket)]
    where socket.utf8.count > 103 {
      result.append(
        origin(key).problem(
          "'\(key)' is \(socket.utf8.count) bytes long", fix: "use a path of at most 103 bytes"))
    }
    return result
  }

  private static func overlap(_ a: String, _ b: String) -> Bool {
    let everywhere: Set = ["0.0.0.0", "::", ""]
    return a == b || everywhere.contains(a) || everywhere.contains(b)
  }

  private func tlsProblems(_ origin: (String) -> OptionOrigin) -> [ConfigurationProblem] {
    var result: [ConfigurationProblem] = []
    for (name, listener) in [("http", http), ("grpc", grpc)]
    where listener.certificate.isEmpty != listener.key.isEmpty {
      let missing = listener.key.isEmpty ? "key" : "certificate"
      let given = listener.key.isEmpty ? "certificate" : "key"
      result.append(
        origin("\(name)_tls_\(given)").problem(
          "'\(name)_tls_\(given)' needs '\(name)_tls_\(missing)'", fix: "give both, or none"))
    }
    for (name, listener) in [("http", http), ("grpc", grpc)]
    where !listener.clientRoots.isEmpty && listener.certificate.isEmpty {
      result.append(
        origin("\(name)_tls_client_roots").problem(
          "'\(name)_tls_client_roots' needs '\(name)_tls_certificate'",
          fix: "give the server's certificate and key"))
    }
    if grpcUseSSL, grpcServerCertificate.isEmpty || grpcServerKey.isEmpty {
      result.append(
        origin("grpc_use_ssl").problem(
          "'grpc_use_ssl' needs 'grpc_server_cert' and 'grpc_server_key'", fix: "give both"))
    }
    return result
  }

  private func modeProblems(_ origin: (String) -> OptionOrigin) -> [ConfigurationProblem] {
    var result: [ConfigurationProblem] = []
    if !loadModels.isEmpty, modelControlMode != "explicit" {
      result.append(
        origin("load_model").problem(
          "'load_model' acts only in model control mode explicit, which is '\(modelControlMode)'",
          fix: "add --model-control-mode=explicit, or leave load_model out: all models load"))
    }
    if loadModels.contains("*"), loadModels.count > 1 {
      result.append(
        origin("load_model").problem(
          "'load_model' names '*', which is all models, and others", fix: "keep '*' alone"))
    }
    return result
  }

  private func traceProblems(_ origin: (String) -> OptionOrigin) -> [ConfigurationProblem] {
    do throws(SettingsError) {
      if let problem = try traceSettings().problem {
        return [origin("trace_config").problem(problem)]
      }
      return []
    } catch {
      return [origin("trace_config").problem(error.message)]
    }
  }

  /// The settings that `traceConfig` spells.
  ///
  /// - Throws: `SettingsError` for an entry that is not `setting=value` or not known.
  func traceSettings() throws(SettingsError) -> TraceSettings {
    var settings = TraceSettings()
    for entry in traceConfig {
      guard let equals = entry.firstIndex(of: "=") else {
        throw SettingsError("'\(entry)' has no value; write setting=value, such as rate=100")
      }
      var name = String(entry[..<equals])
      let value = String(entry[entry.index(after: equals)...])
      if name.hasPrefix("triton,") { name.removeFirst("triton,".count) }
      if name.hasPrefix("opentelemetry,") {
        throw SettingsError("'\(entry)': mode opentelemetry is not supported; use triton")
      }
      switch name {
      case "level": settings.isOn = try Self.traceLevel(value)
      case "rate": settings.rate = UInt32(try Self.traceNumber(entry, value, 1))
      case "count": settings.count = try Self.traceNumber(entry, value, -1)
      case "log-frequency", "log_frequency":
        settings.logFrequency = UInt32(try Self.traceNumber(entry, value, 0))
      case "file": settings.file = value
      case "mode":
        guard value == "triton" else {
          throw SettingsError("'\(entry)': mode '\(value)' is not supported; use triton")
        }
      default:
        throw SettingsError(
          "'\(entry)' is unknown; the settings are level, rate, count, mode, triton,file and "
            + "triton,log-frequency")
      }
    }
    return settings
  }

  private static func traceLevel(_ value: String) throws(SettingsError) -> Bool {
    switch value.uppercased() {
    case "OFF": return false
    case "TIMESTAMPS": return true
    case "TENSORS":
      throw SettingsError("trace level TENSORS is not supported; use TIMESTAMPS")
    default: throw SettingsError("trace level '\(value)' is unknown; use OFF or TIMESTAMPS")
    }
  }

  private static func traceNumber(
    _ entry: String, _ value: String, _ least: Int64
  ) throws(SettingsError) -> Int64 {
    guard let number = Int64(value), number >= least, number <= Int64(Int32.max) else {
      throw SettingsError("'\(entry)': use a whole number, \(least) to \(Int32.max)")
    }
    return number
  }
}
