internal import NIOCore
internal import Tensors

/// Makes requests of the Open Inference Protocol, each encoded once.
package struct RequestEncoder: Sendable {
  /// What the requests are made for.
  package enum Destination: Sendable, Equatable {
    /// HTTP; the authority goes into `Host`.
    case http(authority: String)
    case grpc
    case inProcess

    /// What an endpoint takes.
    package init(_ endpoint: TargetEndpoint) {
      switch endpoint.wire {
      case .http: self = .http(authority: endpoint.authority)
      case .grpc: self = .grpc
      }
    }

    /// What a target takes.
    package init(_ target: Target) {
      switch target {
      case .network(let endpoint): self.init(endpoint)
      case .inProcess: self = .inProcess
      }
    }
  }

  /// Bytes of all requests together, at most.
  static let bytesMax = 2 << 30

  package var model: ModelDescription
  package var options: RequestOptions
  package var destination: Destination
  /// Where tensors lie in shared memory; `nil` sends them.
  package var sharedMemory: SharedMemoryLayout?

  package init(
    model: ModelDescription, options: RequestOptions, destination: Destination,
    sharedMemory: SharedMemoryLayout? = nil
  ) {
    self.model = model
    self.options = options
    self.destination = destination
    self.sharedMemory = sharedMemory
  }

  /// One request for each set of `inputs`.
  ///
  /// - Parameter entry: the requests' place in the mix.
  /// - Throws: ``BenchInputError`` that names the input or option that cannot be sent this way.
  package func encode(
    _ inputs: InputSet, entry: Int = 0
  ) throws(BenchInputError) -> [PreparedRequest] {
    try options.check(for: model)
    if let sharedMemory, sharedMemory.inputs.count != inputs.sets.count {
      throw BenchInputError(
        "the shared memory holds \(sharedMemory.inputs.count) sets of inputs, there are "
          + "\(inputs.sets.count)")
    }
    var requests: [PreparedRequest] = []
    requests.reserveCapacity(inputs.sets.count)
    var byteCount = 0
    for (index, set) in inputs.sets.enumerated() {
      let payload = try payload(set, index)
      byteCount += payload.byteCount
      guard byteCount <= Self.bytesMax else {
        throw BenchInputError(
          "the requests have more than \(Self.bytesMax) bytes together; use fewer or smaller inputs"
        )
      }
      requests.append(PreparedRequest(entry: entry, payload: payload))
    }
    return requests
  }

  private func payload(
    _ set: NamedTensors, _ index: Int
  ) throws(BenchInputError) -> PreparedRequest.Payload {
    let placed = sharedMemory?.inputs[index]
    switch destination {
    case .http(let authority):
      return .http(
        try HTTPInferenceWriter(
          model: model, options: options, authority: authority, placed: placed,
          placedOutputs: sharedMemory?.outputs ?? []
        ).write(set))
    case .grpc:
      return .grpc(
        try GRPCInferenceWriter(
          model: model, options: options, placed: placed,
          placedOutputs: sharedMemory?.outputs ?? []
        ).write(set))
    case .inProcess:
      guard sharedMemory == nil else {
        throw BenchInputError(
          "shared memory is for servers; inside a process inputs are shared anyway: leave it out")
      }
      guard options.outputs.isEmpty else {
        throw BenchInputError("inside a process all outputs are made; leave the outputs out")
      }
      return .inProcess(
        InProcessRequest(
          model: model.name, version: model.version, inputs: set,
          timeoutMicroseconds: options.sentDeadlineMicroseconds, priority: options.priority))
    }
  }
}

extension PreparedRequest.Payload {
  /// Bytes that one send writes, or that one request of this process holds.
  package var byteCount: Int {
    switch self {
    case .http(let request): request.bytes.readableBytes
    case .grpc(let request): request.message.readableBytes
    case .inProcess(let request):
      request.inputs.reduce(0) { $0 + $1.tensor.bytes.readableBytes }
    }
  }
}
