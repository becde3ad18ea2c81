import Foundation
import Gateway
import Inference
import LoadGenerator
import Logging
import NIOCore
import NeedletailTesting
import SwiftProtobuf
import Tensors
import Testing

@Suite struct ModelDescriptionTests {
  private struct Gone: Error {}

  private static let metadata =
    #"{"name":"m","versions":["1"],"platform":"onnx","inputs":[{"name":"x","datatype":"FP32","#
    + #""shape":[-1,4]}],"outputs":[{"name":"y","datatype":"INT64","shape":["-1"]}]}"#

  /// A server that gives these answers by verb and path, and 404 else.
  private static func http(
    _ answers: [String: (Int, String)]
  ) -> ControlTransport {
    .http { method, path, _, _ in
      let answer = answers["\(method) \(path)"] ?? (404, #"{"error":"Not Found"}"#)
      return (answer.0, [], ByteBuffer(string: answer.1))
    }
  }

  private static func error(
    _ transport: ControlTransport, model: String = "m", version: String = ""
  ) async -> TargetError? {
    do throws(TargetError) {
      _ = try await ModelDescription.fetch(model: model, version: version, over: transport)
      return nil
    } catch {
      return error
    }
  }

  @Test func `HTTP metadata and configuration make a description`() async throws {
    let transport = Self.http([
      "GET /v2/health/ready": (200, ""), "GET /v2/models/m": (200, Self.metadata),
      "GET /v2/models/m/config": (200, #"{"max_batch_size":8}"#),
    ])
    let model = try await ModelDescription.fetch(model: "m", over: transport)
    #expect(model.maxBatchSize == 8 && model.countsRows && model.platform == "onnx")
    #expect(model.inputs == [TensorSpec(name: "x", elementType: .fp32, dimensions: [-1, 4])])
    #expect(model.outputs == [TensorSpec(name: "y", elementType: .int64, dimensions: [-1])])
  }

  @Test func `without a configuration a leading open dimension counts rows`() async throws {
    let transport = Self.http(["GET /v2/models/m%20n/versions/2": (200, Self.metadata)])
    let model = try await ModelDescription.fetch(model: "m n", version: "2", over: transport)
    #expect(model.maxBatchSize == 0 && model.countsRows)
    #expect(model.name == "m n" && model.version == "2")
  }

  @Test func `an unknown model is refused with those that are there`() async {
    let index =
      #"[{"name":"b","state":"READY"},{"name":"a","state":"READY"},"#
      + #"{"name":"c","state":"UNAVAILABLE","reason":"no file"}]"#
    let known = Self.http([
      "GET /v2/health/ready": (200, ""), "POST /v2/repository/index": (200, index),
    ])
    let unknown = await Self.error(known)
    #expect(unknown?.code == .unknownModel)
    #expect(
      unknown?.description.hasSuffix("Not Found; it has a, b, c") == true, "\(unknown as Any)")
    let unloaded = await Self.error(known, model: "c", version: "3")
    #expect(unloaded?.description.contains("state UNAVAILABLE (no file)") == true)
    let listed = await Self.error(Self.http(["GET /v2/models": (200, #"{"models":["z"]}"#)]))
    #expect(listed?.description.hasSuffix("it has z") == true)
    let silent = await Self.error(Self.http([:]))
    #expect(silent?.description.hasSuffix("Not Found") == true)
    let empty = await Self.error(Self.http(["POST /v2/repository/index": (200, "[]")]))
    #expect(empty?.description.hasSuffix("it serves no model") == true)
  }

  @Test(arguments: [
    (400, #"{"error":"loading"}"#), (503, "loading"), (200, #"{"ready":false}"#),
  ]) func `a server that is not ready is told`(_ status: Int, _ body: String) async {
    let error = await Self.error(Self.http(["GET /v2/health/ready": (status, body)]))
    #expect(error?.code == .notReady)
    #expect(error?.description.contains(status == 200 ? "not ready" : "loading") == true)
  }

  @Test func `a server that breaks is not an unknown model`() async {
    let error = await Self.error(Self.http(["GET /v2/models/m": (503, "later")]))
    #expect(error?.code == .notReady)
    let gone = await Self.error(.http { _, _, _, _ in throw Gone() })
    #expect(gone?.code == .unreachable)
    let goneToo = await Self.error(.grpc { _, _ in throw Gone() })
    #expect(goneToo?.code == .unreachable)
  }

  @Test(arguments: [
    "hello", "[]", #"{"inputs":[]}"#, #"{"inputs":[{}],"outputs":[]}"#,
    #"{"inputs":[{"name":"x","datatype":"FP31","shape":[]}],"outputs":[]}"#,
    #"{"inputs":[{"name":"x","datatype":"FP32"}],"outputs":[]}"#,
    #"{"inputs":[{"name":"x","datatype":"FP32","shape":[-2]}],"outputs":[]}"#,
    #"{"inputs":[{"name":"x","datatype":"FP32","shape":[1.5]}],"outputs":[]}"#,
  ]) func `what is no metadata is refused`(_ body: String) async {
    let error = await Self.error(Self.http(["GET /v2/models/m": (200, body)]))
    #expect(error?.code == .badAnswer, "\(error as Any)")
  }

  @Test func `damaged metadata never breaks it`() async {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    for _ in 0..<2_000 {
      var bytes = Array(Self.metadata.utf8)
      for _ in 0...random.below(3) {
        bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next() >> 9)
      }
      let body = ByteBuffer(bytes: bytes)
      _ = await Self.error(.http { _, _, _, _ in (200, [], body) })
      _ = await Self.error(.grpc { _, _ in body })
    }
  }

  /// A gRPC server of one model `m`.
  private static func grpc(ready: Bool = true, config: Bool = true) -> ControlTransport {
    .grpc { path, message in
      let bytes = Array(message.readableBytesView)
      let answer: [UInt8]
      switch path {
      case "/inference.GRPCInferenceService/ServerReady":
        answer = try Inference_ServerReadyResponse.with { $0.ready = ready }.serializedBytes()
      case "/inference.GRPCInferenceService/ModelMetadata":
        let request = try Inference_ModelMetadataRequest(serializedBytes: bytes)
        guard request.name == "m" else {
          throw ControlError(status: 5, message: "Request for unknown model: '\(request.name)'")
        }
        answer = try Inference_ModelMetadataResponse.with {
          $0.platform = "onnx"
          $0.inputs = [
            .with {
              $0.name = "x"
              $0.datatype = "FP32"
              $0.shape = [-1, 4]
            }
          ]
        }.serializedBytes()
      case "/inference.GRPCInferenceService/ModelConfig" where config:
        // config { name: "m" max_batch_size: 300 }
        answer = [0x0A, 0x06, 0x0A, 0x01, 0x6D, 0x20, 0xAC, 0x02]
      case "/inference.GRPCInferenceService/RepositoryIndex":
        answer = try Inference_RepositoryIndexResponse.with {
          $0.models = [.with { $0.name = "m" }]
        }.serializedBytes()
      default: throw ControlError(status: 12, message: "no such method")
      }
      return ByteBuffer(bytes: answer)
    }
  }

  @Test func `gRPC metadata and configuration make a description`() async throws {
    let model = try await ModelDescription.fetch(model: "m", over: Self.grpc())
    #expect(model.maxBatchSize == 300 && model.inputs.map(\.name) == ["x"])
    let plain = try await ModelDescription.fetch(model: "m", over: Self.grpc(config: false))
    #expect(plain.maxBatchSize == 0 && plain.countsRows)
    let unready = await Self.error(Self.grpc(ready: false))
    #expect(unready?.code == .notReady)
    let unknown = await Self.error(Self.grpc(), model: "n")
    #expect(unknown?.code == .unknownModel)
    #expect(unknown?.description.hasSuffix("it has m") == true)
    let refusing = await Self.error(
      .grpc { _, _ in throw ControlError(status: 14, message: "later") })
    #expect(refusing?.code == .notReady)
  }

  @Test func `a model of this process is described by the engine`() async throws {
    var options = EngineOptions()
    options.calibrates = false
    let engine = InferenceEngine(
      options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await ScriptedHost.serve([ScriptedHost.Entry("d", model: .doubling())], on: engine)
    let model = try ModelDescription.find(model: "d", in: engine)
    #expect(model.maxBatchSize == 64 && model.countsRows)
    #expect(model.inputs.map(\.dimensions) == [[-1, 4]])
    do throws(TargetError) {
      _ = try ModelDescription.find(model: "e", in: engine)
      Issue.record("an unknown model was found")
    } catch {
      #expect(error.code == .unknownModel && error.description.hasSuffix("it has d"))
    }
  }
}
