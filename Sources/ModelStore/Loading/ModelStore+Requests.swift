extension ModelStore {
  /// Loads a model, or loads it again where its files are others now.
  ///
  /// - Parameters:
  ///   - configuration: JSON that replaces the model's own configuration.
  ///   - files: files by their path in the model's folder, `1/model.onnx` or
  ///     `file:1/model.onnx`. They replace the folder, so they need a configuration.
  /// - Throws: `notFound`, `invalid` (the request), `loadFailed` (the model), or `unavailable`
  ///   (the control mode). What served before keeps serving.
  package func load(
    model: String, configuration: String?, files: [String: [UInt8]]
  ) async throws(StoreError) {
    try checkControl(of: model, action: "load")
    var override: ParsedConfiguration?
    if let configuration {
      do {
        override = try ParsedConfiguration(json: Array(configuration.utf8))
      } catch {
        throw StoreError(.invalid, "failed to load '\(model)': \(error.description)")
      }
    }
    let parsed = override
    let result: Result<Void, StoreError>
    if files.isEmpty {
      result = await serialised(model) {
        await self.loadFromRepository(model, override: parsed)
      }
    } else {
      guard let parsed else {
        throw StoreError(
          .invalid, "failed to load '\(model)': files are uploaded without a configuration; "
            + "add the 'config' parameter")
      }
      let uploads = try Self.uploads(files, model: model)
      result = await serialised(model) {
        await self.loadUploaded(model, files: uploads, override: parsed)
      }
    }
    try result.get()
  }

  /// Stops serving a model and returns once its last request has been answered.
  ///
  /// - Parameter unloadDependents: accepted for the protocol; no model depends on another.
  /// - Throws: `notFound`, or `unavailable` (the control mode).
  package func unload(model: String, unloadDependents: Bool) async throws(StoreError) {
    try checkControl(of: model, action: "unload")
    if models[model] == nil {
      let scan = await scanned()
      guard scan.models[model] != nil || scan.refused[model] != nil else {
        throw StoreError(
          .notFound, "failed to unload '\(model)': no model repository holds it")
      }
    }
    await serialised(model) { await self.performUnload(model) }
  }

  private func checkControl(of model: String, action: String) throws(StoreError) {
    if isStopping {
      throw StoreError(.unavailable, "failed to \(action) '\(model)': the server is stopping")
    }
    switch options.mode {
    case .explicit: break
    case .none, .poll:
      throw StoreError(
        .unavailable, "explicit model load and unload are not allowed in this control mode; "
          + "start the server with the model control mode 'explicit'")
    }
    if let problem = RelativePath.modelNameProblem(model, isStrict: options.strictNames) {
      throw StoreError(.invalid, "failed to \(action) the model: \(problem)")
    }
  }

  /// The uploaded files by path, once each is known to stay in the model's folder.
  private static func uploads(
    _ files: [String: [UInt8]], model: String
  ) throws(StoreError) -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for (name, bytes) in files {
      let path = name.hasPrefix("file:") ? String(name.dropFirst("file:".count)) : name
      guard RelativePath.isSafe(path), path.contains("/") else {
        throw StoreError(
          .invalid, "failed to load '\(model)': the file '\(ConfigurationNode.cut(name))' is not "
            + "a path such as 'file:1/model.onnx'")
      }
      result[path] = bytes
    }
    return result
  }

  private func loadFromRepository(
    _ model: String, override: ParsedConfiguration?
  ) async -> Result<Void, StoreError> {
    let scan = await scanned()
    if let folder = scan.models[model] {
      let rule: ManagedModel.ReloadRule = override == nil ? .changedOrFailed : .always
      return await performLoad(folder, override: override, rule: rule)
    }
    if let reason = scan.refused[model] {
      return .failure(StoreError(.loadFailed, "failed to load '\(model)': \(reason)"))
    }
    return .failure(
      StoreError(.notFound, "failed to load '\(model)': no model repository holds it"))
  }

  private func loadUploaded(
    _ model: String, files: [String: [UInt8]], override: ParsedConfiguration
  ) async -> Result<Void, StoreError> {
    let prepared = await scans.run(.normal) { () -> Result<ModelFolder, StoreError> in
      do throws(StoreError) {
        let path = try FileAccess.makeTemporaryFolder(holding: files)
        return .success(ModelFolder(name: model, path: path))
      } catch {
        return .failure(error)
      }
    }
    switch prepared {
    case .failure(let error): return .failure(error)
    case .success(let folder):
      let result = await performLoad(folder, override: override, rule: .always)
      await scans.run(.normal) { FileAccess.remove(folder.path) }
      return result
    }
  }
}
