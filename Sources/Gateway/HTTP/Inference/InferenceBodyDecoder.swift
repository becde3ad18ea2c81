package import Inference
package import NIOCore
internal import Tensors

/// Reads the body of an inference: the JSON in one pass, the binary tensors as slices.
package struct InferenceBodyDecoder {
  /// The request so far.
  package internal(set) var draft: RequestDraft
  /// The outputs asked for, in that order; empty for all.
  package private(set) var outputs: [RequestedOutput] = []
  /// Whether outputs that do not say are answered as binary.
  package private(set) var isBinaryDefault = false
  /// The caller's id as it stands in the JSON, without quotes; empty for none.
  package private(set) var idText = 0..<0

  let version: ServedVersion
  let body: ByteBuffer
  let sharedMemory: SharedMemoryRegistry
  let depthMax: Int
  /// Bytes of `body` that are JSON.
  private let jsonLength: Int
  /// Where the next binary tensor starts, from the start of the body.
  var binaryPosition: Int

  /// - Parameter jsonLength: `nil` if the whole body is JSON; 0 for a raw request.
  package init(
    draft: consuming RequestDraft, body: ByteBuffer, jsonLength: Int?,
    sharedMemory: SharedMemoryRegistry, depthMax: Int
  ) throws(InferenceError) {
    version = draft.version
    self.draft = draft
    self.body = body
    self.sharedMemory = sharedMemory
    self.depthMax = depthMax
    let length = jsonLength ?? body.readableBytes
    guard length <= body.readableBytes else {
      throw InferenceError(
        .invalidArgument,
        "invalid Inference-Header-Content-Length: \(length), the body has \(body.readableBytes) "
          + "bytes")
    }
    self.jsonLength = length
    binaryPosition = length
    isRaw = jsonLength == 0
  }

  private let isRaw: Bool

  /// Reads everything into ``draft``, ``outputs`` and the rest.
  package mutating func decode() throws(InferenceError) {
    if isRaw {
      try decodeRaw()
      return
    }
    do throws(JSONError) {
      let source = body
      try readDocument(source.readableBytesUInt8Span)
    } catch {
      throw error.inferenceError
    }
    if binaryPosition != body.readableBytes {
      throw InferenceError(
        .invalidArgument,
        "unexpected additional input data for model '\(version.name)': "
          + "\(body.readableBytes - binaryPosition) bytes follow the last input")
    }
  }

  private mutating func readDocument(_ bytes: Span<UInt8>) throws(JSONError) {
    var cursor = JSONCursor(0..<jsonLength)
    var isFirst = true
    var hasInputs = false
    while let key = try cursor.nextKey(bytes, &isFirst) {
      if key.equals("inputs", in: bytes) {
        if hasInputs { throw JSONError("'inputs' is there twice", at: cursor.position) }
        hasInputs = true
        var isFirstInput = true
        while try cursor.nextElement(bytes, &isFirstInput) {
          try readInput(&cursor, bytes)
        }
      } else if key.equals("outputs", in: bytes) {
        var isFirstOutput = true
        while try cursor.nextElement(bytes, &isFirstOutput) {
          outputs.append(try readOutput(&cursor, bytes))
        }
      } else if key.equals("id", in: bytes) {
        let text = try cursor.string(bytes)
        idText = text.range
        if !text.range.isEmpty { draft.id = text.string(in: bytes) }
      } else if key.equals("parameters", in: bytes) {
        try readParameters(&cursor, bytes)
      } else {
        try cursor.skipValue(bytes, depthMax: depthMax)
      }
    }
    try cursor.expectEnd(bytes)
    guard hasInputs else {
      throw JSONError(
        refusal: InferenceError(
          .invalidArgument, "Unable to find 'inputs' in the request for model '\(version.name)'"))
    }
    settleOutputs()
  }

  /// Outputs that did not say whether they are binary take the request's choice, which may have
  /// come after them.
  private mutating func settleOutputs() {
    for index in undecided { outputs[index].isBinary = isBinaryDefault }
  }

  private var undecided: [Int] = []

  private mutating func readParameters(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>)
    throws(JSONError)
  {
    var isFirst = true
    while let key = try cursor.nextKey(bytes, &isFirst) {
      if key.equals("binary_data_output", in: bytes) {
        isBinaryDefault = try cursor.bool(bytes)
      } else if key.equals("priority", in: bytes) {
        let value = try unsigned(&cursor, bytes, "priority")
        draft.priority = RequestParameters.priority(value)
      } else if key.equals("timeout", in: bytes) {
        let value = try unsigned(&cursor, bytes, "timeout")
        draft.timeoutMicroseconds = Int64(clamping: value)
      } else {
        if HTTPCharacter.equals(bytes, key.range.lowerBound, "triton_"), key.range.count >= 7 {
          throw refused(
            "parameter keys starting with 'triton_' are reserved for Triton usage "
              + "and should not be specified.")
        }
        try cursor.skipValue(bytes, depthMax: depthMax)
      }
    }
  }

  private mutating func readOutput(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>)
    throws(JSONError) -> RequestedOutput
  {
    let start = cursor.position
    var name: JSONText?
    var parameters = TensorParameters()
    var isFirst = true
    while let key = try cursor.nextKey(bytes, &isFirst) {
      if key.equals("name", in: bytes) {
        name = try cursor.string(bytes)
      } else if key.equals("parameters", in: bytes) {
        try parameters.read(&cursor, bytes, depthMax: depthMax)
      } else {
        try cursor.skipValue(bytes, depthMax: depthMax)
      }
    }
    guard let name else { throw JSONError("an output has no 'name'", at: start) }
    guard let index = outputIndex(name, bytes) else {
      throw refused(
        "unexpected inference output '\(name.string(in: bytes))' for model '\(version.name)'")
    }
    if outputs.contains(where: { $0.index == index }) {
      throw refused(
        "output '\(version.outputs[index].name)' is asked for twice of model '\(version.name)'; "
          + "name each output once")
    }
    var output = RequestedOutput(index: index, isBinary: parameters.isBinary ?? false)
    if parameters.isBinary == nil { undecided.append(outputs.count) }
    output.classes = parameters.classes
    output.placement = try placement(parameters, version.outputs[index].name, bytes)
    if output.placement != nil, output.classes > 0 {
      throw refused(
        "output '\(version.outputs[index].name)': classification and shared memory exclude each "
          + "other")
    }
    return output
  }

  private func outputIndex(_ name: JSONText, _ bytes: Span<UInt8>) -> Int? {
    if name.hasEscapes { return version.outputIndex(named: name.content(in: bytes).span) }
    return version.outputIndex(named: bytes.extracting(name.range))
  }

  /// The shared memory that a tensor's parameters name.
  func placement(_ parameters: TensorParameters, _ tensor: String, _ bytes: Span<UInt8>)
    throws(JSONError) -> SharedMemoryPlacement?
  {
    do throws(InferenceError) {
      return try RequestParameters.placement(
        region: parameters.region?.string(in: bytes), offset: parameters.offset,
        byteSize: parameters.byteSize, tensor: tensor)
    } catch {
      throw JSONError(refusal: error)
    }
  }

  private func unsigned(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ name: String)
    throws(JSONError) -> UInt64
  {
    let number = try cursor.number(bytes)
    guard let value = number.integer(as: UInt64.self) else {
      throw refused("parameter '\(name)' must be a whole number of at least 0")
    }
    return value
  }

  /// An error of what the request says.
  func refused(_ message: String) -> JSONError {
    JSONError(refusal: InferenceError(.invalidArgument, message))
  }

  /// Takes the whole body as the bytes of the model's only input.
  private mutating func decodeRaw() throws(InferenceError) {
    let tensor = try RawTensor.make(from: body, version: version)
    try draft.add(input: 0, tensor)
    isBinaryDefault = true
  }
}
