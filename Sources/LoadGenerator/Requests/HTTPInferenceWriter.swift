internal import Gateway
internal import Inference
internal import NIOCore
internal import Tensors

/// Writes one inference as an HTTP/1.1 request.
struct HTTPInferenceWriter {
  let model: ModelDescription
  let options: RequestOptions
  let authority: String
  /// Where the inputs lie in shared memory, in their order; `nil` sends them.
  let placed: [SharedMemoryLayout.Slot]?
  /// Outputs that the server writes to shared memory.
  let placedOutputs: [SharedMemoryLayout.Slot]

  /// The whole request.
  func write(_ inputs: NamedTensors) throws(BenchInputError) -> HTTPRequestBytes {
    var json = ByteBuffer()
    var stamps: [Stamp] = []
    try writeJSON(inputs, to: &json, stamps: &stamps)
    let isBinary = placed == nil && options.form == .binary && !inputs.isEmpty
    let binaryLength =
      isBinary ? inputs.reduce(0) { $0 + $1.tensor.bytes.readableBytes } : 0
    var bytes = ByteBufferAllocator().buffer(capacity: 512 + json.readableBytes + binaryLength)
    var path = "/v2/models/" + PercentEncoding.segment(model.name)
    if !model.version.isEmpty { path += "/versions/" + PercentEncoding.segment(model.version) }
    let head = HTTPRequestHeadWriter(
      path: path + "/infer", authority: authority,
      contentType: isBinary ? "application/octet-stream" : "application/json",
      jsonLength: isBinary ? json.readableBytes : nil,
      timeoutMicroseconds: options.sentDeadlineMicroseconds, headers: options.headers)
    var all: [Stamp] = []
    head.write(
      bodyLength: json.readableBytes + binaryLength, to: &bytes, stamps: &all)
    let start = bytes.readableBytes
    all += stamps.map { Stamp(offset: start + $0.offset) }
    bytes.writeImmutableBuffer(json)
    if isBinary {
      for input in inputs { bytes.writeImmutableBuffer(input.tensor.bytes) }
    }
    return HTTPRequestBytes(bytes: bytes, stamps: all)
  }

  private func writeJSON(
    _ inputs: NamedTensors, to json: inout ByteBuffer, stamps: inout [Stamp]
  ) throws(BenchInputError) {
    json.writeStaticString("{")
    if options.stampsID {
      json.writeStaticString("\"id\":\"")
      json.writeStamp(into: &stamps)
      json.writeStaticString("\",")
    }
    writeParameters(to: &json)
    json.writeStaticString("\"inputs\":[")
    for (index, input) in inputs.enumerated() {
      if index > 0 { json.writeStaticString(",") }
      try write(input.name, input.tensor, placed?[index], to: &json)
    }
    json.writeStaticString("]")
    writeOutputs(to: &json)
    json.writeStaticString("}")
  }

  private var asksBinary: Bool { options.binaryOutputs ?? (options.form == .binary) }

  private func writeParameters(to json: inout ByteBuffer) {
    var members: [(StaticString, Int64)] = []
    if options.sentDeadlineMicroseconds > 0 {
      members.append(("timeout", options.sentDeadlineMicroseconds))
    }
    if options.priority > 0 { members.append(("priority", Int64(options.priority))) }
    // Named outputs each say it themselves.
    let isAsked = asksBinary && options.outputs.isEmpty && placedOutputs.isEmpty
    guard !members.isEmpty || isAsked else { return }
    json.writeStaticString("\"parameters\":{")
    for (index, member) in members.enumerated() {
      if index > 0 { json.writeStaticString(",") }
      json.writeString("\"\(member.0)\":\(member.1)")
    }
    if isAsked {
      if !members.isEmpty { json.writeStaticString(",") }
      json.writeStaticString("\"binary_data_output\":true")
    }
    json.writeStaticString("},")
  }

  private func write(
    _ name: String, _ tensor: Tensor, _ slot: SharedMemoryLayout.Slot?, to json: inout ByteBuffer
  ) throws(BenchInputError) {
    json.writeStaticString("{\"name\":")
    json.writeJSON(string: name)
    let shape = tensor.shape.values.map(String.init).joined(separator: ",")
    json.writeString(",\"shape\":[\(shape)],\"datatype\":\"\(tensor.elementType.wireName)\"")
    if let slot {
      write(slot, to: &json)
    } else if options.form == .binary {
      json.writeString(",\"parameters\":{\"binary_data_size\":\(tensor.bytes.readableBytes)}")
    } else {
      json.writeStaticString(",\"data\":[")
      try writeElements(name, tensor, to: &json)
      json.writeStaticString("]")
    }
    json.writeStaticString("}")
  }

  private func writeElements(
    _ name: String, _ tensor: Tensor, to json: inout ByteBuffer
  ) throws(BenchInputError) {
    guard tensor.elementType != .fp16, tensor.elementType != .bf16 else {
      throw BenchInputError(
        "input '\(name)' of model '\(model.name)' is \(tensor.elementType.wireName), which JSON "
          + "does not have; send it as binary")
    }
    do throws(InferenceError) {
      try json.writeJSON(elements: tensor, output: name)
    } catch {
      throw BenchInputError(
        "input '\(name)' of model '\(model.name)' cannot be sent as JSON: it is too large, or "
          + "holds bytes that are not UTF-8; send it as binary")
    }
  }

  private func write(_ slot: SharedMemoryLayout.Slot, to json: inout ByteBuffer) {
    json.writeStaticString(",\"parameters\":{\"shared_memory_region\":")
    json.writeJSON(string: slot.region)
    json.writeString(
      ",\"shared_memory_offset\":\(slot.offset),\"shared_memory_byte_size\":\(slot.byteSize)}")
  }

  private func writeOutputs(to json: inout ByteBuffer) {
    let names = placedOutputs.isEmpty ? options.outputs : placedOutputs.map(\.name)
    if names.isEmpty { return }
    json.writeStaticString(",\"outputs\":[")
    for (index, name) in names.enumerated() {
      if index > 0 { json.writeStaticString(",") }
      json.writeStaticString("{\"name\":")
      json.writeJSON(string: name)
      if !placedOutputs.isEmpty {
        write(placedOutputs[index], to: &json)
      } else if asksBinary {
        json.writeStaticString(",\"parameters\":{\"binary_data\":true}")
      }
      json.writeStaticString("}")
    }
    json.writeStaticString("]")
  }
}
