package import NIOCore

/// Loads a model again and again.
package actor ReloadDisturbance: Disturbance {
  /// Asks for one load; `nil` if it worked, and otherwise the server's words.
  package typealias Load = @Sendable () async throws -> String?

  private let model: String
  private let load: Load
  private var counted = InterferenceFigures(name: "reload")

  package init(model: String, load: @escaping Load) {
    self.model = model
    self.load = load
  }

  /// Loads over the wire of `endpoint`.
  package init(
    model: String, endpoint: TargetEndpoint, timeoutNanoseconds: Int64, on group: any EventLoopGroup
  ) {
    self.init(model: model) {
      switch endpoint.wire {
      case .http:
        let answer = try await ControlHTTP.send(
          endpoint, method: "POST",
          path: "/v2/repository/models/\(PercentEncoding.segment(model))/load",
          headers: [("Content-Type", "application/json")], body: ByteBuffer(string: "{}"),
          timeoutNanoseconds: timeoutNanoseconds, on: group)
        if (200..<300).contains(answer.status) { return nil }
        return "\(answer.status) \(String(buffer: answer.body).prefix(300))"
      case .grpc:
        _ = try await ControlGRPC.call(
          endpoint, path: "/inference.GRPCInferenceService/RepositoryModelLoad",
          message: Self.loadRequest(model), timeoutNanoseconds: timeoutNanoseconds, on: group)
        return nil
      }
    }
  }

  /// One load before anything is measured.
  ///
  /// - Throws: ``TargetError`` if the server does not load models by request.
  package func check() async throws(TargetError) {
    let refusal: String
    do {
      guard let answer = try await load() else { return }
      refusal = answer
    } catch {
      refusal = "\(error)"
    }
    throw TargetError(
      .refused,
      "the server refuses to load model '\(model)': \(refusal); start it with "
        + "--model-control-mode explicit, and name a model of its repository")
  }

  package func step() async {
    counted.attempts += 1
    do {
      counted.end(try await load() == nil ? "loaded" : "refused")
    } catch {
      counted.end("failed")
    }
  }

  package func stop() {}

  package func figures() -> InterferenceFigures { counted }

  /// A RepositoryModelLoadRequest that holds the name alone: field 2.
  static func loadRequest(_ model: String) -> ByteBuffer {
    var buffer = ByteBuffer(bytes: [0x12])
    var count = model.utf8.count
    while count >= 0x80 {
      buffer.writeInteger(UInt8(truncatingIfNeeded: count) | 0x80)
      count >>= 7
    }
    buffer.writeInteger(UInt8(count))
    buffer.writeString(model)
    return buffer
  }
}
