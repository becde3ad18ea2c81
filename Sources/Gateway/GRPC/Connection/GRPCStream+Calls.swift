/// Which object answers which method.
extension GRPCStream {
  func makeCall(_ method: GRPCMethod) -> any GRPCCall {
    switch method {
    case .modelStreamInfer: StreamInferCall(stream: self)
    case .healthWatch: HealthWatchCall(stream: self)
    case .reflection, .reflectionAlpha: ReflectionCall(stream: self)
    case .modelInfer, .serverLive, .serverReady, .modelReady, .serverMetadata, .modelMetadata,
      .modelConfig, .modelStatistics, .repositoryIndex, .repositoryModelLoad,
      .repositoryModelUnload, .systemSharedMemoryStatus, .systemSharedMemoryRegister,
      .systemSharedMemoryUnregister, .cudaSharedMemoryStatus, .cudaSharedMemoryRegister,
      .cudaSharedMemoryUnregister, .traceSetting, .logSettings, .healthCheck:
      ControlCall(method, stream: self)
    }
  }
}
