package import Inference

extension ModelDescription {
  /// Asks the server whether it is ready and what the model looks like.
  ///
  /// - Parameter version: empty lets the server choose.
  /// - Throws: ``TargetError``.
  package static func fetch(
    model: String, version: String = "", over transport: ControlTransport
  ) async throws(TargetError) -> ModelDescription {
    switch transport {
    case .http(let send):
      try await HTTPModelInquiry(model: model, version: version, send: send).fetch()
    case .grpc(let call):
      try await GRPCModelInquiry(model: model, version: version, call: call).fetch()
    }
  }

  /// Looks the model up in an engine of this process.
  ///
  /// - Throws: ``TargetError`` with the models that are there.
  package static func find(
    model: String, version: String = "", in engine: InferenceEngine
  ) throws(TargetError) -> ModelDescription {
    do throws(InferenceError) {
      return ModelDescription(try engine.served(model: model, version: version))
    } catch {
      let models = engine.servedModels().map { KnownModel(name: $0.name) }
      throw TargetError(
        .unknownModel, KnownModel.unknown(model, version, error.message, among: models))
    }
  }
}

/// One line of a repository index.
struct KnownModel: Equatable {
  var name: String
  /// `READY`, `UNAVAILABLE` and so on; empty where it is not told.
  var state = ""
  var reason = ""

  /// Names listed in an error at most.
  private static let listedMax = 20

  /// The error of a model that the server does not serve, with what it does serve.
  static func unknown(
    _ model: String, _ version: String, _ answer: String, among models: [KnownModel]?
  ) -> String {
    var text = "the server does not serve model '\(model)'"
    if !version.isEmpty { text += " version '\(version)'" }
    if !answer.isEmpty { text += ": \(ServerText.clip(answer))" }
    guard let models else { return text }
    if let known = models.first(where: { $0.name == model && !$0.state.isEmpty }),
      known.state != "READY"
    {
      let reason = known.reason.isEmpty ? "" : " (\(ServerText.clip(known.reason)))"
      return text + "; it is in the repository, in state \(known.state)\(reason): load it first"
    }
    var names: [String] = []
    for known in models where !names.contains(known.name) { names.append(known.name) }
    if names.isEmpty { return text + "; it serves no model" }
    let listed = names.sorted().prefix(listedMax).joined(separator: ", ")
    let rest = names.count > listedMax ? " and \(names.count - listedMax) more" : ""
    return text + "; it has \(listed)\(rest)"
  }
}

/// Words of a server as part of an error.
enum ServerText {
  private static let charactersMax = 300

  /// The first line or so, without control characters.
  static func clip(_ text: String) -> String {
    let plain = String(
      text.unicodeScalars.prefix(charactersMax).map { scalar -> Character in
        scalar.value < 0x20 || scalar.value == 0x7F ? " " : Character(scalar)
      })
    return text.unicodeScalars.count > charactersMax ? plain + "…" : plain
  }
}
