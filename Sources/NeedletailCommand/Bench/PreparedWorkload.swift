import LoadGenerator
import ModelStore
import NIOCore
import Tensors

/// The requests of a run, encoded.
struct PreparedWorkload: Sendable {
  var entries: [LoadPlan.Entry]
  /// The first model's name, for what needs one; empty without a model.
  var model: String
  /// The inputs in a few words.
  var inputText: String

  /// Looks at every model, makes its requests, puts tensors into shared memory where that is
  /// wanted, calls `body`, and takes them away again.
  ///
  /// - Throws: `TargetError` if the server does not answer or does not serve a model,
  ///   `BenchInputError` for inputs that do not fit it, and what `body` throws.
  static func with<Result: Sendable>(
    _ options: WorkloadOptions, target: BenchTarget, headers: [(name: String, value: String)],
    seed: UInt64, _ body: (PreparedWorkload) async throws -> Result
  ) async throws -> Result {
    var parts: [Part] = []
    for entry in options.entries {
      parts.append(
        try await Part(entry, options: options, target: target, headers: headers, seed: seed))
    }
    return try await provide(parts[...], options, target, []) { layouts in
      try await body(try encode(parts, layouts, target))
    }
  }

  /// One entry with everything but its bytes.
  private enum Part: Sendable {
    case model(MixEntry, ModelDescription, InputSet, RequestOptions)
    case raw(MixEntry, RawHTTPRequests)

    init(
      _ entry: MixEntry, options: WorkloadOptions, target: BenchTarget,
      headers: [(name: String, value: String)], seed: UInt64
    ) async throws {
      switch entry.subject {
      case .model(let name, let version):
        let model = try await Self.describe(name, version, target)
        var random = RandomInputs()
        random.seed = seed
        random.count = options.inputsCount
        random.shapes = try ShapeText.parse(entry.shapes)
        let source = try InputSource.parse(entry.inputs, random: random)
        let inputs = try source.load(for: model, batchSize: entry.batch)
        var request = RequestOptions()
        request.form = options.usesJSON ? .json : .binary
        request.deadlineMicroseconds = (entry.deadlineNanoseconds ?? 0) / 1_000
        request.sendsDeadline = options.sendsDeadline
        request.priority = entry.priority
        request.headers = headers
        self = .model(entry, model, inputs, request)
      case .raw(let method, let path, let body):
        var raw = RawHTTPRequests(method: method, path: path, body: Self.body(body))
        raw.headers = headers.filter { $0.name.lowercased() != "content-type" }
        raw.contentType = headers.first { $0.name.lowercased() == "content-type" }?.value
        if options.sendsDeadline {
          raw.timeoutMicroseconds = (entry.deadlineNanoseconds ?? 0) / 1_000
        }
        self = .raw(entry, raw)
      }
    }

    private static func describe(
      _ name: String, _ version: String, _ target: BenchTarget
    ) async throws(TargetError) -> ModelDescription {
      if let parts = target.parts {
        return try ModelDescription.find(model: name, version: version, in: parts.engine)
      }
      guard let transport = target.transport else {
        throw TargetError(.unreachable, "there is no way to ask about model '\(name)'")
      }
      return try await ModelDescription.fetch(model: name, version: version, over: transport)
    }

    private static func body(_ text: String) -> RawHTTPRequests.Body {
      if text.isEmpty { return .none }
      if text.hasPrefix("@") { return .of(path: String(text.dropFirst())) }
      return .text(text)
    }
  }

  /// Shared memory of every part, one inside the other, for as long as `body` runs.
  private static func provide<Result: Sendable>(
    _ parts: ArraySlice<Part>, _ options: WorkloadOptions, _ target: BenchTarget,
    _ layouts: [SharedMemoryLayout?], _ body: ([SharedMemoryLayout?]) async throws -> Result
  ) async throws -> Result {
    guard let part = parts.first else { return try await body(layouts) }
    guard options.usesSharedMemory, let transport = target.transport,
      case .model(_, let model, let inputs, _) = part
    else {
      return try await provide(parts.dropFirst(), options, target, layouts + [nil], body)
    }
    let outputs = model.outputs.map {
      (name: $0.name, byteSize: options.outputSharedMemoryBytes)
    }
    return try await SharedMemoryInputs.provide(inputs, outputs: outputs, over: transport) {
      layout in
      try await provide(parts.dropFirst(), options, target, layouts + [layout], body)
    }
  }

  private static func encode(
    _ parts: [Part], _ layouts: [SharedMemoryLayout?], _ target: BenchTarget
  ) throws(BenchInputError) -> PreparedWorkload {
    var entries: [LoadPlan.Entry] = []
    var firstModel = ""
    var origins: [String] = []
    for (index, part) in parts.enumerated() {
      switch part {
      case .model(let entry, let model, let inputs, let options):
        let encoder = RequestEncoder(
          model: model, options: options, destination: target.destination,
          sharedMemory: layouts[index])
        let requests = try encoder.encode(inputs, entry: index)
        entries.append(
          LoadPlan.Entry(
            name: entry.name, weight: entry.weight, requests: requests,
            deadlineNanoseconds: entry.deadlineNanoseconds))
        if firstModel.isEmpty { firstModel = model.name }
        let form = target.destination == .grpc ? "" : " \(options.form.rawValue)"
        let memory = layouts[index] == nil ? "" : ", in shared memory"
        origins.append("\(inputs.origin), batch \(entry.batch),\(form) \(size(requests))\(memory)")
      case .raw(let entry, let raw):
        guard case .http(let authority) = target.destination else {
          throw BenchInputError("'\(raw.path)' is an HTTP request; use an http:// URL")
        }
        let requests = try raw.encode(authority: authority, entry: index)
        entries.append(
          LoadPlan.Entry(
            name: entry.name, weight: entry.weight, requests: requests,
            deadlineNanoseconds: entry.deadlineNanoseconds))
        origins.append("\(raw.method) \(size(requests))")
      }
    }
    return PreparedWorkload(
      entries: entries, model: firstModel, inputText: origins.joined(separator: "; "))
  }

  private static func size(_ requests: [PreparedRequest]) -> String {
    guard let first = requests.first else { return "" }
    switch first.payload {
    case .http(let request): return FigureText.bytes(Double(request.bytes.readableBytes))
    case .grpc(let request): return FigureText.bytes(Double(request.message.readableBytes))
    case .inProcess: return "in memory"
    }
  }
}

/// Shapes as flags and files write them.
enum ShapeText {
  /// `NAME:3,32,32`, each name once.
  static func parse(_ texts: [String]) throws(BenchInputError) -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for text in texts {
      guard let colon = text.lastIndex(of: ":"), colon > text.startIndex else {
        throw BenchInputError("shape '\(text)': write NAME:3,32,32")
      }
      let sizes = text[text.index(after: colon)...].split(
        separator: ",", omittingEmptySubsequences: false
      ).map { Int($0) }
      let shape = sizes.compactMap(\.self)
      guard shape.count == sizes.count, !shape.isEmpty, shape.allSatisfy({ $0 >= 0 }) else {
        throw BenchInputError("shape '\(text)': sizes are whole numbers; write NAME:3,32,32")
      }
      let name = String(text[..<colon])
      guard shapes.updateValue(shape, forKey: name) == nil else {
        throw BenchInputError("shape '\(text)': input '\(name)' has a shape already")
      }
    }
    return shapes
  }
}
