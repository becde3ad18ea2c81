/// Finds out what a path asks for.
package struct HTTPRouter: Sendable {
  /// Which paths a listener answers.
  package enum Scope: Sendable, Equatable {
    /// The protocol, and the metrics page.
    case everything
    /// The metrics page and the health probes.
    case metrics
  }

  private let scope: Scope

  package init(scope: Scope) { self.scope = scope }

  /// The route of a path; `nil` for an unknown one.
  package func route(_ path: Span<UInt8>) -> HTTPRoute? {
    guard let segments = Self.segments(path) else { return nil }
    if segments == ["metrics"] { return .metrics }
    if segments.first == "v1", scope == .everything {
      return DecisionRoute(segments.dropFirst()).map { .decisions($0) }
    }
    guard segments.first == "v2" else { return nil }
    let rest = segments.dropFirst()
    if let health = Self.health(rest) { return health }
    guard scope == .everything else { return nil }
    switch rest.first {
    case nil: return .serverMetadata
    case "models": return Self.models(rest.dropFirst())
    case "repository": return Self.repository(rest.dropFirst())
    case "trace": return Array(rest) == ["trace", "setting"] ? .traceSettings(model: "") : nil
    case "logging": return rest.count == 1 ? .logSettings : nil
    case "systemsharedmemory": return Self.sharedMemory(.system, rest.dropFirst())
    case "cudasharedmemory": return Self.sharedMemory(.cuda, rest.dropFirst())
    default: return nil
    }
  }

  private static func health(_ rest: ArraySlice<String>) -> HTTPRoute? {
    switch Array(rest) {
    case ["health", "live"]: .live
    case ["health", "ready"]: .ready
    default: nil
    }
  }

  private static func models(_ rest: ArraySlice<String>) -> HTTPRoute? {
    guard let model = rest.first else { return .models }
    var tail = Array(rest.dropFirst())
    // Alone this means the statistics of all; every longer path is of a model of this name.
    if tail.isEmpty, model == "stats" { return .statistics(model: "", version: "") }
    if model.isEmpty { return nil }
    if tail == ["trace", "setting"] { return .traceSettings(model: model) }
    var version = ""
    if tail.count >= 2, tail[0] == "versions" {
      version = tail[1]
      if version.isEmpty { return nil }
      tail.removeFirst(2)
    }
    switch tail {
    case []: return .modelMetadata(model: model, version: version)
    case ["infer"]: return .infer(model: model, version: version)
    case ["ready"]: return .modelReady(model: model, version: version)
    case ["config"]: return .modelConfiguration(model: model, version: version)
    case ["stats"]: return .statistics(model: model, version: version)
    case ["generate"], ["generate_stream"]: return .generate
    default: return nil
    }
  }

  private static func repository(_ rest: ArraySlice<String>) -> HTTPRoute? {
    var tail = Array(rest)
    // A repository may be named before `index` or `models`; there is one only.
    if tail.count == 2, tail[1] == "index" { tail.removeFirst() }
    if tail.count == 4, tail[1] == "models" { tail.removeFirst() }
    if tail == ["index"] { return .repositoryIndex }
    guard tail.count == 3, tail[0] == "models", !tail[1].isEmpty else { return nil }
    switch tail[2] {
    case "load": return .repositoryLoad(model: tail[1])
    case "unload": return .repositoryUnload(model: tail[1])
    default: return nil
    }
  }

  private static func sharedMemory(
    _ kind: HTTPRoute.SharedMemoryKind, _ rest: ArraySlice<String>
  ) -> HTTPRoute? {
    var tail = Array(rest)
    var region = ""
    if tail.count == 3, tail[0] == "region", !tail[1].isEmpty {
      region = tail[1]
      tail.removeFirst(2)
    }
    switch tail {
    case ["status"]: return .sharedMemoryStatus(kind, region: region)
    case ["unregister"]: return .sharedMemoryUnregister(kind, region: region)
    case ["register"] where !region.isEmpty: return .sharedMemoryRegister(kind, region: region)
    default: return nil
    }
  }

  /// The decoded parts between slashes; `nil` for a path that is not valid.
  ///
  /// A slash at the end is allowed. Parts are decoded after splitting, so `%2F` is in a name.
  static func segments(_ path: Span<UInt8>) -> [String]? {
    guard path.count > 0, path[0] == 0x2F else { return nil }
    var segments: [String] = []
    var part: [UInt8] = []
    var index = 1
    while index < path.count {
      let byte = path[index]
      if byte == 0x2F {
        guard let text = String(validating: part, as: UTF8.self), segments.count < 16 else {
          return nil
        }
        segments.append(text)
        part.removeAll(keepingCapacity: true)
      } else if byte == 0x25 {
        guard index + 2 < path.count, let high = HTTPCharacter.hexadecimal(path[index + 1]),
          let low = HTTPCharacter.hexadecimal(path[index + 2])
        else { return nil }
        part.append(high << 4 | low)
        index += 2
      } else {
        part.append(byte)
      }
      index += 1
    }
    if !part.isEmpty {
      guard let text = String(validating: part, as: UTF8.self) else { return nil }
      segments.append(text)
    }
    return segments
  }
}
