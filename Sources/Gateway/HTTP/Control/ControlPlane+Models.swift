internal import Inference
internal import ModelStore
internal import NIOCore
internal import Tensors

extension ControlPlane {
  func serverMetadata() -> ControlAnswer {
    let identity = context.options.identity
    return ControlAnswer { body in
      body.writeStaticString("{\"name\":")
      body.writeJSON(string: identity.name)
      body.writeStaticString(",\"version\":")
      body.writeJSON(string: identity.version)
      body.writeStaticString(",\"extensions\":")
      body.writeJSON(strings: identity.extensions)
      body.writeStaticString("}")
    }
  }

  func modelList() -> ControlAnswer {
    var names: [String] = []
    for model in context.engine.servedModels() where names.last != model.name {
      names.append(model.name)
    }
    return ControlAnswer { body in
      body.writeStaticString("{\"models\":")
      body.writeJSON(strings: names)
      body.writeStaticString("}")
    }
  }

  func modelReady(_ model: String, _ version: String) throws(ControlError) -> ControlAnswer {
    let isReady: Bool
    do throws(InferenceError) {
      isReady = try context.engine.isReady(model: model, version: version)
    } catch {
      throw ControlError(error)
    }
    guard isReady else {
      throw ControlError(
        400, "Model version not ready", code: InferenceError.Code.notReady.rawValue)
    }
    return ControlAnswer { body in
      body.writeStaticString("{\"name\":")
      body.writeJSON(string: model)
      body.writeStaticString(",\"ready\":true}")
    }
  }

  func modelMetadata(_ model: String, _ version: String) throws(ControlError) -> ControlAnswer {
    let served = try served(model, version)
    let versions =
      version.isEmpty ? context.engine.readyVersions(model: model) : [served.versionText]
    return ControlAnswer { body in
      body.writeStaticString("{\"name\":")
      body.writeJSON(string: served.name)
      body.writeStaticString(",\"versions\":")
      body.writeJSON(strings: versions)
      body.writeStaticString(",\"platform\":")
      body.writeJSON(string: served.configuration.message.platform)
      body.writeStaticString(",\"inputs\":")
      body.writeJSON(tensors: served.inputs)
      body.writeStaticString(",\"outputs\":")
      body.writeJSON(tensors: served.outputs)
      body.writeStaticString("}")
    }
  }

  func configuration(_ model: String, _ version: String) throws(ControlError) -> ControlAnswer {
    let text = try served(model, version).configuration.jsonText()
    return ControlAnswer { $0.writeString(text) }
  }

  func statistics(_ model: String, _ version: String) throws(ControlError) -> ControlAnswer {
    let statistics: [ModelStatistics]
    do throws(InferenceError) {
      statistics = try context.engine.statistics(model: model, version: version)
    } catch {
      throw ControlError(error)
    }
    return ControlAnswer { body in
      body.writeStaticString("{\"model_stats\":[")
      for (index, model) in statistics.enumerated() {
        if index > 0 { body.writeStaticString(",") }
        body.writeJSON(statistics: model)
      }
      body.writeStaticString("]}")
    }
  }

  private func served(_ model: String, _ version: String) throws(ControlError) -> ServedVersion {
    do throws(InferenceError) {
      return try context.engine.served(model: model, version: version)
    } catch {
      throw ControlError(error)
    }
  }
}

extension ByteBuffer {
  /// Writes an array of strings.
  mutating func writeJSON(strings: [String]) {
    writeStaticString("[")
    for (index, text) in strings.enumerated() {
      if index > 0 { writeStaticString(",") }
      writeJSON(string: text)
    }
    writeStaticString("]")
  }

  /// Writes the metadata of tensors.
  mutating func writeJSON(tensors: [TensorSpec]) {
    writeStaticString("[")
    for (index, spec) in tensors.enumerated() {
      if index > 0 { writeStaticString(",") }
      writeStaticString("{\"name\":")
      writeJSON(string: spec.name)
      writeStaticString(",\"datatype\":")
      writeJSON(string: spec.elementType.wireName)
      let dimensions = spec.dimensions.map(String.init).joined(separator: ",")
      writeString(",\"shape\":[\(dimensions)]}")
    }
    writeStaticString("]")
  }
}
