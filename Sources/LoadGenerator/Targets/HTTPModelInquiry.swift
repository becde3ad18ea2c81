internal import Gateway
internal import NIOCore
internal import Tensors

/// Asks a server about a model over HTTP.
struct HTTPModelInquiry {
  let model: String
  let version: String
  let send: ControlTransport.HTTP

  private typealias Answer = (status: Int, headers: [(String, String)], body: ByteBuffer)

  private var path: String {
    let base = "/v2/models/" + PercentEncoding.segment(model)
    return version.isEmpty ? base : base + "/versions/" + PercentEncoding.segment(version)
  }

  func fetch() async throws(TargetError) -> ModelDescription {
    try await checkReadiness()
    let answer = try await ask("GET", path)
    guard answer.status == 200 else {
      if answer.status >= 500, answer.status != 501 {
        throw TargetError(
          .notReady,
          "the server answers \(answer.status) to GET \(path): \(Self.explanation(answer.body))")
      }
      let known = await index()
      throw TargetError(
        .unknownModel,
        KnownModel.unknown(model, version, Self.explanation(answer.body), among: known))
    }
    guard let document = Self.document(answer.body) else {
      throw TargetError(
        .badAnswer,
        "the answer to GET \(path) is no JSON: \(ServerText.clip(String(buffer: answer.body))); "
          + "does the server speak the Open Inference Protocol?")
    }
    var description = try ModelMetadataReading(path: "GET \(path)").read(document)
    description.name = model
    description.version = version
    description.maxBatchSize = await maxBatchSize()
    return description
  }

  private func checkReadiness() async throws(TargetError) {
    let path = "/v2/health/ready"
    let answer = try await ask("GET", path)
    switch answer.status {
    case 200..<300:
      // The specification's own form; others answer with an empty body.
      guard Self.document(answer.body)?["ready"] == .bool(false) else { return }
      throw TargetError(
        .notReady, "the server says that it is not ready (GET \(path)); wait until it is")
    case 404, 405, 501:
      // Not every server has it; the model's own metadata will tell.
      return
    default:
      throw TargetError(
        .notReady,
        "the server is not ready: GET \(path) answers \(answer.status) "
          + "\(Self.explanation(answer.body)); wait until it is ready")
    }
  }

  /// 0 where the server does not tell.
  private func maxBatchSize() async -> Int {
    guard let answer = try? await ask("GET", path + "/config"), answer.status == 200,
      let size = Self.document(answer.body)?["max_batch_size"]?.unsignedInteger
    else { return 0 }
    return Int(clamping: size)
  }

  /// The models of the repository; `nil` where the server does not tell.
  private func index() async -> [KnownModel]? {
    if let answer = try? await ask("POST", "/v2/repository/index"), answer.status == 200,
      case .array(let models)? = Self.document(answer.body)
    {
      return models.compactMap { model in
        model["name"]?.string.map {
          KnownModel(
            name: $0, state: model["state"]?.string ?? "", reason: model["reason"]?.string ?? "")
        }
      }
    }
    if let answer = try? await ask("GET", "/v2/models"), answer.status == 200,
      case .array(let names)? = Self.document(answer.body)?["models"]
    {
      return names.compactMap { $0.string.map { KnownModel(name: $0) } }
    }
    return nil
  }

  private func ask(_ method: String, _ path: String) async throws(TargetError) -> Answer {
    do {
      return try await send(method, path, [], ByteBuffer())
    } catch {
      throw TargetError(.unreachable, "no answer to \(method) \(path): \(error)")
    }
  }

  static func document(_ body: ByteBuffer) -> JSONValue? {
    try? JSONValue.parse(body.readableBytesUInt8Span, depthMax: 64)
  }

  /// The server's own words: the member `error`, or else the body.
  static func explanation(_ body: ByteBuffer) -> String {
    if let error = document(body)?["error"]?.string { return ServerText.clip(error) }
    return ServerText.clip(String(buffer: body))
  }
}

/// Reads a model's metadata from JSON.
struct ModelMetadataReading {
  /// What was asked, for errors.
  let path: String

  func read(_ document: JSONValue) throws(TargetError) -> ModelDescription {
    guard case .array(let inputs)? = document["inputs"],
      case .array(let outputs)? = document["outputs"]
    else { throw wrong("it lacks the lists 'inputs' and 'outputs'") }
    var description = ModelDescription(
      name: document["name"]?.string ?? "", platform: document["platform"]?.string ?? "",
      inputs: [], outputs: [])
    for input in inputs { description.inputs.append(try tensor(input, "input")) }
    for output in outputs { description.outputs.append(try tensor(output, "output")) }
    return description
  }

  private func tensor(_ value: JSONValue, _ kind: String) throws(TargetError) -> TensorSpec {
    guard let name = value["name"]?.string else { throw wrong("an \(kind) has no 'name'") }
    guard let text = value["datatype"]?.string, let type = ElementType(wireName: text) else {
      throw wrong("\(kind) '\(name)' has no known 'datatype'")
    }
    guard case .array(let shape)? = value["shape"] else {
      throw wrong("\(kind) '\(name)' has no 'shape'")
    }
    var dimensions: [Int] = []
    for dimension in shape {
      guard let number = Self.dimension(dimension) else {
        throw wrong("a dimension of \(kind) '\(name)' is no whole number of at least -1")
      }
      dimensions.append(number)
    }
    return TensorSpec(name: name, elementType: type, dimensions: dimensions)
  }

  private static func dimension(_ value: JSONValue) -> Int? {
    switch value {
    case .integer(let number): number >= -1 ? Int(exactly: number) : nil
    // Some servers write 64-bit numbers as texts.
    case .text(let text): Int(text).flatMap { $0 >= -1 ? $0 : nil }
    case .null, .bool, .unsigned, .number, .array, .object: nil
    }
  }

  private func wrong(_ reason: String) -> TargetError {
    TargetError(.badAnswer, "the answer to \(path) is no model metadata: \(reason)")
  }
}
