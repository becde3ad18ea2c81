import Foundation
import Gateway
import Inference
import LoadGenerator
import ModelRuntimes
import NIOCore
import NeedletailTesting
import SwiftProtobuf
import Synchronization
import Tensors
import Testing

@Suite struct SharedMemoryInputsTests {
  private struct Broken: Error {}

  /// A server with nothing but the control calls of shared memory.
  private final class Server: Sendable {
    let registry = SharedMemoryRegistry()
    let names = Mutex<[String]>([])

    var http: ControlTransport {
      .http { [self] method, path, _, body in
        let parts = path.split(separator: "/").map(String.init)
        guard method == "POST", parts.count == 5,
          parts[0...2] == ["v2", "systemsharedmemory", "region"]
        else { return (404, [], ByteBuffer()) }
        if parts[4] == "register" {
          let document = try JSONValue.parse(body.readableBytesUInt8Span, depthMax: 4)
          try registry.register(
            name: parts[3], key: document["key"]?.string ?? "",
            offset: document["offset"]?.unsignedInteger ?? 1,
            byteSize: document["byte_size"]?.unsignedInteger ?? 0)
          names.withLock { $0.append(parts[3]) }
        } else {
          registry.unregister(name: parts[3])
        }
        return (200, [], ByteBuffer())
      }
    }

    var grpc: ControlTransport {
      .grpc { [self] path, message in
        let bytes = Array(message.readableBytesView)
        if path.hasSuffix("SystemSharedMemoryRegister") {
          let request = try Inference_SystemSharedMemoryRegisterRequest(serializedBytes: bytes)
          try registry.register(
            name: request.name, key: request.key, offset: request.offset,
            byteSize: request.byteSize)
          names.withLock { $0.append(request.name) }
        } else {
          let request = try Inference_SystemSharedMemoryUnregisterRequest(serializedBytes: bytes)
          registry.unregister(name: request.name)
        }
        return ByteBuffer()
      }
    }
  }

  private static func leftovers(_ server: Server) -> [String] {
    server.names.withLock { $0 }.filter { FileManager.default.fileExists(atPath: "/dev/shm/\($0)") }
  }

  @Test(arguments: [false, true]) func `requests refer to memory that the server reads`(
    _ isGRPC: Bool
  ) async throws {
    let (version, model) = try await RequestReading.serve(
      .echo([("a", .fp32), ("b", .bytes)]))
    var random = RandomInputs()
    random.count = 3
    random.shapes = ["in_a": [5], "in_b": [2]]
    let inputs = try random.make(for: model, batchSize: 2, limits: InputLimits())
    let server = Server()
    try await SharedMemoryInputs.provide(
      inputs, outputs: [("out_a", 40), ("out_b", 7)], over: isGRPC ? server.grpc : server.http
    ) { layout in
      // The names are gone as soon as the server holds the objects.
      #expect(Self.leftovers(server).isEmpty)
      #expect(try server.registry.status(name: "").count == 2)
      let http = try RequestEncoder(
        model: model, options: RequestOptions(), destination: .http(authority: "h"),
        sharedMemory: layout
      ).encode(inputs)
      for (request, set) in zip(http, inputs.sets) {
        let decoded = try RequestReading.http(request, version, memory: server.registry)
        for input in decoded.request?.inputs ?? [] {
          #expect(input.tensor == set[version.inputs[input.index].name])
        }
        #expect(decoded.head.jsonLength == nil)
        #expect(decoded.outputs.compactMap(\.placement).map(\.byteSize) == [40, 7])
        for output in decoded.outputs {
          let place = try #require(output.placement)
          try server.registry.write(ByteBuffer(repeating: 1, count: place.byteSize), to: place)
        }
      }
      let grpc = try RequestEncoder(
        model: model, options: RequestOptions(), destination: .grpc, sharedMemory: layout
      ).encode(inputs)
      for (index, request) in grpc.enumerated() {
        let (_, message) = try RequestReading.grpc(request)
        #expect(message.rawInputContents.isEmpty && message.outputs.count == 2)
        for (input, slot) in zip(message.inputs, layout.inputs[index]) {
          #expect(input.parameters["shared_memory_region"]?.stringParam == slot.region)
          #expect(input.parameters["shared_memory_offset"]?.int64Param == Int64(slot.offset))
          #expect(input.parameters["shared_memory_byte_size"]?.int64Param == Int64(slot.byteSize))
        }
      }
      #expect(throws: BenchInputError.self) {
        try RequestEncoder(
          model: model, options: RequestOptions(), destination: .inProcess, sharedMemory: layout
        ).encode(inputs)
      }
      #expect(throws: BenchInputError.self) {
        try RequestEncoder(
          model: model, options: RequestOptions(), destination: .grpc, sharedMemory: layout
        ).encode(InputSet(sets: [inputs.sets[0]], origin: ""))
      }
    }
    #expect(try server.registry.status(name: "").isEmpty)
  }

  @Test func `a failure leaves nothing behind`() async throws {
    let inputs = try RandomInputs().make(
      for: InputSamples.model(.fp32, [-1, 2]), batchSize: 1, limits: InputLimits())
    let server = Server()
    await #expect(throws: Broken.self) {
      try await SharedMemoryInputs.provide(inputs, over: server.http) { _ in throw Broken() }
    }
    #expect(try server.registry.status(name: "").isEmpty && Self.leftovers(server).isEmpty)

    let asked = Mutex<[String]>([])
    for transport in [
      ControlTransport.http { _, path, _, _ in
        asked.withLock { $0.append(path) }
        return (400, [], ByteBuffer(string: #"{"error":"not allowed"}"#))
      },
      .grpc { path, _ in
        asked.withLock { $0.append(path) }
        throw ControlError(status: 3, message: "not allowed")
      },
      .http { _, _, _, _ in throw Broken() }, .grpc { _, _ in throw Broken() },
    ] {
      do {
        try await SharedMemoryInputs.provide(inputs, over: transport) { _ in }
        Issue.record("a refusal was passed over")
      } catch let error as TargetError {
        #expect(
          error.code == .refused && error.description.contains("not allowed")
            || error.code == .unreachable)
      }
    }
    // Registered and unregistered, over each wire.
    #expect(asked.withLock { $0 }.count == 4)
    let mine = try FileManager.default.contentsOfDirectory(atPath: "/dev/shm").filter {
      $0.hasPrefix("needletail-bench-\(ProcessInfo.processInfo.processIdentifier)-")
    }
    // Another test of this process may hold its own for a moment.
    #expect(mine.count <= 4)
  }

  @Test func `outputs need a size`() async {
    let inputs = InputSet(
      sets: [[("x", Tensor(elementType: .int8, shape: [0], bytes: ByteBuffer()))]], origin: "")
    for size in [0, -1, (1 << 30) + 1] {
      await #expect(throws: BenchInputError.self) {
        try await SharedMemoryInputs.provide(
          inputs, outputs: [("y", size)], over: Server().http
        ) { _ in }
      }
    }
  }
}
