/// Which object answers which method.
extension GRPCStream {
  func makeCall(_ method: GRPCMethod) -> any GRPCCall {
    switch method {
    case .modelStreamInfer: StreamInferCall(stream: self)
    case .healthWatch: HealthWatchCall(stream: self)
    case .reflection, .reflectionAlpha: ReflectionCall(stream: self)
    case .decideMany: DecideManyCall(stream: self)
    case .decideStream: DecideStreamCall(stream: self)
    case .appendEvents, .putAttributes: AppendCall(method, stream: self)
    case .appendEventStream: AppendStreamCall(stream: self)
    case .modelInfer, .decide, .serverLive, .serverReady, .modelReady, .serverMetadata,
      .modelMetadata,
      .modelConfig, .modelStatistics, .repositoryIndex, .repositoryModelLoad,
      .repositoryModelUnload, .systemSharedMemoryStatus, .systemSharedMemoryRegister,
      .systemSharedMemoryUnregister, .cudaSharedMemoryStatus, .cudaSharedMemoryRegister,
      .cudaSharedMemoryUnregister, .traceSetting, .logSettings, .healthCheck, .getFeatures,
      .getRecord, .listRecords, .listPipelines, .reloadPipelines:
      ControlCall(method, stream: self)
    }
  }
}
