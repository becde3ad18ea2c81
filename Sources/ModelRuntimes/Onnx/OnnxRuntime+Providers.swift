internal import COnnxRuntime

extension OnnxRuntime {
  /// Adds an execution provider to a session's settings.
  func add(
    _ provider: LoadOptions.ExecutionProvider, to settings: OnnxSessionOptions, subject: String
  ) throws(RuntimeFailure) {
    let wanted = Self.key(provider.name)
    // The CPU is always there, and always last.
    if wanted == "cpu" { return }
    guard let name = availableProviders.first(where: { Self.key($0) == wanted }) else {
      let offered = availableProviders.joined(separator: ", ")
      throw RuntimeFailure(
        .unsupported,
        "\(subject): execution provider \(provider.name) is not in this ONNX Runtime"
          + " \(version) (\(libraryPath)), which has \(offered);"
          + " remove it or use a library that has it")
    }
    do throws(OnnxError) {
      try append(wanted, name, provider.options, to: settings)
    } catch {
      throw RuntimeFailure(
        .unsupported, "\(subject): execution provider \(provider.name): \(error.text)")
    }
  }

  private static let capitalNames: Set<String> = ["azure", "qnn", "webgpu", "webnn", "xnnpack"]

  /// `cuda`, `CUDA` and `CUDAExecutionProvider` are one.
  private static func key(_ name: String) -> String {
    let lower = name.lowercased()
    let suffix = "executionprovider"
    return lower.hasSuffix(suffix) ? String(lower.dropLast(suffix.count)) : lower
  }

  private func append(
    _ key: String, _ fullName: String, _ options: [String: String],
    to settings: OnnxSessionOptions
  ) throws(OnnxError) {
    let library = library
    let api = unsafe library.api
    let pairs = OnnxTextPairs(options)
    switch key {
    case "cuda":
      try append(unsafe api.pointee.cuda, pairs, to: settings)
    case "tensorrt":
      try append(unsafe api.pointee.tensorrt, pairs, to: settings)
    case "dnnl":
      try append(unsafe api.pointee.dnnl, pairs, to: settings)
    default:
      // The generic call knows providers by their names without the suffix, some in capitals.
      let short = String(fullName.dropLast("ExecutionProvider".count))
      let name = Self.capitalNames.contains(key) ? short.uppercased() : short
      try unsafe library.check(
        api.pointee.append_provider(
          settings.pointer, name, pairs.keys, pairs.values, pairs.count))
    }
  }

  private func append(
    _ calls: OnnxProviderCalls, _ pairs: OnnxTextPairs, to settings: OnnxSessionOptions
  ) throws(OnnxError) {
    var made: OpaquePointer?
    try unsafe library.check(calls.create(&made))
    guard let options = unsafe made else {
      throw OnnxError(code: .other, text: "the runtime made no provider options")
    }
    defer { unsafe calls.release(options) }
    if pairs.count > 0 {
      try unsafe library.check(calls.update(options, pairs.keys, pairs.values, pairs.count))
    }
    try unsafe library.check(calls.append(settings.pointer, options))
  }
}
