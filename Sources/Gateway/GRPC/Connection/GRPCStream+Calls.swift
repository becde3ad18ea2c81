/// Which object answers which method, and how much it takes.
extension GRPCStream {
  /// The largest message of a call, as sent and decompressed.
  func messageBytesMax(of method: GRPCMethod) -> Int {
    let limit =
      switch method {
      case .modelInfer, .modelStreamInfer, .repositoryModelLoad: loop.limits.messageBytesMax
      case .decideMany, .appendEvents, .appendEventStream, .putAttributes:
        loop.context.limits.bodyBytesMax
      default: loop.limits.controlMessageBytesMax
      }
    return min(limit, loop.limits.messageBytesMax)
  }

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
