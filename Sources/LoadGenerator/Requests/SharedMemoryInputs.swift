internal import Gateway
internal import NIOCore
internal import SwiftProtobuf
private import Synchronization
internal import Tensors

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// Inputs in shared memory of this machine, registered at a server, so that requests only say
/// where they lie.
///
/// The objects' names are gone as soon as the server has opened them: a generator that is killed
/// leaves nothing in `/dev/shm`, and what it registered ends with the server at the latest.
package struct SharedMemoryInputs: Sendable {
  /// What requests refer to.
  package let layout: SharedMemoryLayout
  private let objects: [SharedMemoryObject]
  private let transport: ControlTransport
  private var regions: [String] { objects.map { String($0.key.dropFirst()) } }

  private static let numbers = Atomic<Int>(0)

  /// A name that no other process, and no other call of this one, has.
  static func uniqueName() -> String {
    let number = numbers.wrappingAdd(1, ordering: .relaxed).newValue
    return "needletail-bench-\(getpid())-\(number)"
  }

  /// Lays the inputs out, registers them, runs `body`, and unregisters them, whatever happens.
  ///
  /// - Parameters:
  ///   - outputs: each output's name and bytes that the server shall write to shared memory; empty
  ///     has outputs sent.
  ///   - transport: reaches the server that the requests go to, which must run on this machine.
  /// - Throws: ``BenchInputError`` if memory cannot be made, ``TargetError`` if the server refuses
  ///   it, and what `body` throws.
  package static func provide<Result: Sendable>(
    _ inputs: InputSet, outputs: [(name: String, byteSize: Int)] = [],
    over transport: ControlTransport,
    _ body: (SharedMemoryLayout) async throws -> Result
  ) async throws -> Result {
    let memory = try SharedMemoryInputs(inputs, outputs: outputs, transport: transport)
    let result: Result
    do {
      try await memory.register()
      result = try await body(memory.layout)
    } catch {
      await memory.unregister()
      throw error
    }
    await memory.unregister()
    return result
  }

  /// Makes the objects and copies the inputs into them.
  init(
    _ inputs: InputSet, outputs: [(name: String, byteSize: Int)], transport: ControlTransport
  ) throws(BenchInputError) {
    self.transport = transport
    layout = try SharedMemoryLayout(inputs, outputs: outputs, name: Self.uniqueName())
    var objects: [SharedMemoryObject] = []
    if layout.inputBytes > 0 {
      let object = try SharedMemoryObject(
        key: "/" + layout.inputRegion, byteSize: layout.inputBytes)
      for (set, slots) in zip(inputs.sets, layout.inputs) {
        for (input, slot) in zip(set, slots) {
          try object.write(input.tensor.bytes, at: slot.offset)
        }
      }
      objects.append(object)
    }
    if layout.outputBytes > 0 {
      objects.append(
        try SharedMemoryObject(key: "/" + layout.outputRegion, byteSize: layout.outputBytes))
    }
    self.objects = objects
  }

  /// Has the server open the objects.
  func register() async throws(TargetError) {
    for object in objects {
      let region = String(object.key.dropFirst())
      switch transport {
      case .http(let send):
        var body = ByteBuffer()
        body.writeStaticString("{\"key\":")
        body.writeJSON(string: object.key)
        body.writeString(",\"offset\":0,\"byte_size\":\(object.byteSize)}")
        try await post(Self.path(region, "register"), body, send)
      case .grpc(let call):
        var request = Inference_SystemSharedMemoryRegisterRequest()
        request.name = region
        request.key = object.key
        request.byteSize = UInt64(object.byteSize)
        try await self.call(.systemSharedMemoryRegister, request, call)
      }
    }
    for object in objects { object.unlink() }
  }

  /// Has the server close them; what fails here is past helping.
  func unregister() async {
    for object in objects { object.unlink() }
    for region in regions {
      switch transport {
      case .http(let send):
        try? await post(Self.path(region, "unregister"), ByteBuffer(), send)
      case .grpc(let call):
        var request = Inference_SystemSharedMemoryUnregisterRequest()
        request.name = region
        try? await self.call(.systemSharedMemoryUnregister, request, call)
      }
    }
  }

  private static func path(_ region: String, _ verb: String) -> String {
    "/v2/systemsharedmemory/region/\(PercentEncoding.segment(region))/\(verb)"
  }

  private func post(
    _ path: String, _ body: ByteBuffer, _ send: ControlTransport.HTTP
  ) async throws(TargetError) {
    let status: Int
    let answer: ByteBuffer
    do {
      let result = try await send("POST", path, [("Content-Type", "application/json")], body)
      (status, answer) = (result.status, result.body)
    } catch {
      throw TargetError(.unreachable, "no answer to POST \(path): \(error)")
    }
    guard status == 200 else {
      throw refused("\(status) \(HTTPModelInquiry.explanation(answer))")
    }
  }

  private func call(
    _ method: GRPCMethod, _ request: some Message, _ call: ControlTransport.GRPC
  ) async throws(TargetError) {
    do {
      let message: [UInt8] = try request.serializedBytes()
      _ = try await call(method.path.description, ByteBuffer(bytes: message))
    } catch let error as ControlError where error.status != nil {
      throw refused(ServerText.clip(error.description))
    } catch {
      throw TargetError(.unreachable, "no answer to \(method.path): \(error)")
    }
  }

  private func refused(_ answer: String) -> TargetError {
    TargetError(
      .refused,
      "the server does not take shared memory: \(answer); it must run on this machine, as this "
        + "user or root, and allow it (--allow-client-shm=true)")
  }
}
