internal import Inference
internal import ModelStore
internal import Monitoring
internal import NIOCore

/// Answers everything but inferences: health, metadata, the repository, settings, metrics.
///
/// Any thread; never called on an event loop, as some answers take long.
package struct ControlPlane: Sendable {
  let context: ServerContext

  package init(context: ServerContext) { self.context = context }

  /// The answer to a request whose verb fits its route.
  package func answer(_ request: ControlRequest) async -> ControlAnswer {
    var request = request
    if let format = request.compression {
      do throws(CompressionError) {
        request.body = try Inflater.inflate(request.body, format, limit: request.bodyBytesMax)
      } catch {
        return ControlAnswer(error)
      }
    }
    do throws(ControlError) {
      return try await answering(request)
    } catch {
      return ControlAnswer(status: error.status, error: error.message, code: error.code)
    }
  }

  private func answering(_ request: ControlRequest) async throws(ControlError) -> ControlAnswer {
    switch request.route {
    case .live: return health(true, isReady: await context.isReady(), status: 200)
    case .ready:
      let isReady = await context.isReady()
      return health(context.isLive, isReady: isReady, status: isReady ? 200 : 503)
    case .serverMetadata: return serverMetadata()
    case .models: return modelList()
    case .modelReady(let model, let version): return try modelReady(model, version)
    case .modelMetadata(let model, let version): return try modelMetadata(model, version)
    case .modelConfiguration(let model, let version): return try configuration(model, version)
    case .statistics(let model, let version): return try statistics(model, version)
    case .repositoryIndex: return try await repositoryIndex(request)
    case .repositoryLoad(let model): return try await load(model, request)
    case .repositoryUnload(let model): return try await unload(model, request)
    case .traceSettings(let model): return try traceSettings(model, request)
    case .logSettings: return try logSettings(request)
    case .sharedMemoryStatus(let kind, let region): return try regionStatus(kind, region)
    case .sharedMemoryRegister(let kind, let region):
      return try registerRegion(kind, region, request)
    case .sharedMemoryUnregister(let kind, let region): return unregisterRegion(kind, region)
    case .metrics: return await metrics()
    case .decisions(let route): return try await decisions(route, request)
    case .generate:
      throw ControlError(
        404, "this server has no generate endpoints; use the infer endpoint of the model")
    case .infer:
      throw ControlError(500, "an inference reached the control plane")
    }
  }

  private func health(_ isLive: Bool, isReady: Bool, status: Int) -> ControlAnswer {
    ControlAnswer(status: status) {
      $0.writeString("{\"ready\":\(isReady),\"live\":\(isLive)}")
    }
  }

  private func metrics() async -> ControlAnswer {
    let statistics = (try? context.engine.statistics(model: "", version: "")) ?? []
    let page = PrometheusText.render(
      statistics, process: context.process.read(), gateway: await context.figures())
    var answer = ControlAnswer { $0.writeString(page) }
    answer.head.contentType = .metrics
    return answer
  }

  /// The body as a JSON document; `nil` for an empty one.
  func document(_ request: ControlRequest) throws(ControlError) -> JSONValue? {
    let bytes = request.body.readableBytesUInt8Span
    var hasContent = false
    for index in 0..<min(bytes.count, 64) where bytes[index] > 0x20 { hasContent = true }
    guard hasContent || bytes.count > 64 else { return nil }
    do throws(JSONError) {
      return try JSONValue.parse(bytes, depthMax: context.limits.jsonDepthMax)
    } catch {
      throw ControlError(400, error.message, code: "INVALID_ARGUMENT")
    }
  }
}

/// Why a control request fails, as its answer.
struct ControlError: Error {
  var status: Int
  var message: String
  var code: String?

  init(_ status: Int, _ message: String, code: String? = nil) {
    self.status = status
    self.message = message
    self.code = code
  }

  init(_ error: InferenceError) {
    self.init(WireStatus(error.code).http, error.message, code: error.code.rawValue)
  }

  init(_ error: StoreError) {
    self.init(error.code.httpStatus, error.message, code: error.code.text)
  }

  init(_ error: SharedMemoryError) {
    self.init(error.code.httpStatus, error.message, code: error.code.text)
  }

  init(_ error: SettingsError) {
    self.init(400, error.message, code: "INVALID_ARGUMENT")
  }
}
