private import Foundation
internal import ModelStore
internal import NIOCore

extension ControlPlane {
  func repositoryIndex(_ request: ControlRequest) async throws(ControlError) -> ControlAnswer {
    var readyOnly = false
    if let document = try document(request) {
      switch document["ready"] {
      case nil, .null: break
      case .bool(let flag): readyOnly = flag
      case .integer, .unsigned, .number, .text, .array, .object:
        throw ControlError(400, "'ready' must be true or false", code: "INVALID_ARGUMENT")
      }
    }
    let entries = await context.store.index(readyOnly: readyOnly)
    return ControlAnswer { body in
      body.writeStaticString("[")
      for (index, entry) in entries.enumerated() {
        if index > 0 { body.writeStaticString(",") }
        body.writeStaticString("{\"name\":")
        body.writeJSON(string: entry.name)
        if !entry.version.isEmpty {
          body.writeStaticString(",\"version\":")
          body.writeJSON(string: entry.version)
        }
        if let state = entry.state {
          body.writeStaticString(",\"state\":")
          body.writeJSON(string: state.rawValue)
        }
        if !entry.reason.isEmpty {
          body.writeStaticString(",\"reason\":")
          body.writeJSON(string: entry.reason)
        }
        body.writeStaticString("}")
      }
      body.writeStaticString("]")
    }
  }

  func load(_ model: String, _ request: ControlRequest) async throws(ControlError)
    -> ControlAnswer
  {
    var configuration: String?
    var files: [String: [UInt8]] = [:]
    for (key, value) in try parameters(request) {
      guard let text = value.string else {
        throw ControlError(
          400, "load parameter '\(key)' must be a string", code: "INVALID_ARGUMENT")
      }
      if key == "config" {
        configuration = text
      } else if key.hasPrefix("file:") {
        guard let data = Data(base64Encoded: text) else {
          throw ControlError(
            400, "load parameter '\(key)' is not valid base64", code: "INVALID_ARGUMENT")
        }
        files[String(key.dropFirst(5))] = Array(data)
      } else {
        throw ControlError(
          400, "unrecognized load parameter '\(key)'; use 'config' or 'file:<path>'",
          code: "INVALID_ARGUMENT")
      }
    }
    do throws(StoreError) {
      try await context.store.load(model: model, configuration: configuration, files: files)
    } catch {
      throw ControlError(error)
    }
    return ControlAnswer()
  }

  func unload(_ model: String, _ request: ControlRequest) async throws(ControlError)
    -> ControlAnswer
  {
    var unloadDependents = false
    for (key, value) in try parameters(request) where key == "unload_dependents" {
      guard case .bool(let flag) = value else {
        throw ControlError(
          400, "'unload_dependents' must be true or false", code: "INVALID_ARGUMENT")
      }
      unloadDependents = flag
    }
    do throws(StoreError) {
      try await context.store.unload(model: model, unloadDependents: unloadDependents)
    } catch {
      throw ControlError(error)
    }
    return ControlAnswer()
  }

  private func parameters(_ request: ControlRequest) throws(ControlError)
    -> [(key: String, value: JSONValue)]
  {
    switch try document(request)?["parameters"] {
    case nil, .null: return []
    case .object(let members): return members
    case .bool, .integer, .unsigned, .number, .text, .array:
      throw ControlError(400, "'parameters' must be an object", code: "INVALID_ARGUMENT")
    }
  }
}
