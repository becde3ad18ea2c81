internal import NIOCore

extension ControlService {
  /// The answers of the shared memory extensions. There is no CUDA memory here: its status is
  /// empty and forgetting regions succeeds, because clients do both before they do anything.
  func answerSharedMemory(
    _ method: GRPCMethod, _ message: ByteBuffer
  ) throws(GRPCStatus) -> ByteBuffer {
    switch method {
    case .systemSharedMemoryStatus:
      return try ControlMessage.write(status(ControlMessage.read(message)))
    case .systemSharedMemoryRegister:
      try register(ControlMessage.read(message))
      return try ControlMessage.write(Inference_SystemSharedMemoryRegisterResponse())
    case .systemSharedMemoryUnregister:
      let request: Inference_SystemSharedMemoryUnregisterRequest =
        try ControlMessage.read(message)
      if request.name.isEmpty {
        context.sharedMemory.unregisterAll()
      } else {
        context.sharedMemory.unregister(name: request.name)
      }
      return try ControlMessage.write(Inference_SystemSharedMemoryUnregisterResponse())
    case .cudaSharedMemoryStatus:
      return try ControlMessage.write(Inference_CudaSharedMemoryStatusResponse())
    case .cudaSharedMemoryUnregister:
      return try ControlMessage.write(Inference_CudaSharedMemoryUnregisterResponse())
    default:
      let request: Inference_CudaSharedMemoryRegisterRequest = try ControlMessage.read(message)
      throw GRPCStatus(
        .unimplemented,
        "failed to register CUDA shared memory region '\(request.name)': this server has no GPU "
          + "memory; use system shared memory")
    }
  }

  private func status(
    _ request: Inference_SystemSharedMemoryStatusRequest
  ) throws(GRPCStatus) -> Inference_SystemSharedMemoryStatusResponse {
    var response = Inference_SystemSharedMemoryStatusResponse()
    do throws(SharedMemoryError) {
      for region in try context.sharedMemory.status(name: request.name) {
        var status = Inference_SystemSharedMemoryStatusResponse.RegionStatus()
        status.name = region.name
        status.key = region.key
        status.offset = UInt64(region.offset)
        status.byteSize = UInt64(region.byteSize)
        response.regions[region.name] = status
      }
    } catch {
      throw GRPCStatus(error)
    }
    return response
  }

  private func register(
    _ request: Inference_SystemSharedMemoryRegisterRequest
  ) throws(GRPCStatus) {
    do throws(SharedMemoryError) {
      try context.sharedMemory.register(
        name: request.name, key: request.key, offset: request.offset, byteSize: request.byteSize)
    } catch {
      throw GRPCStatus(error)
    }
  }
}
