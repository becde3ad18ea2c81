package import Inference
package import NIOCore
package import Tensors

extension ByteBuffer {
  /// Bytes of JSON that an answer's tensors may fill; a buffer holds 4 GiB.
  private static let textBytesMax = 1 << 30

  /// Writes a tensor's elements, comma between, flat.
  ///
  /// - Parameter output: the output's name, for errors.
  /// - Throws: ``InferenceError`` for types and texts that JSON does not have.
  package mutating func writeJSON(elements tensor: Tensor, output: String) throws(InferenceError) {
    // A double has 24 characters at most, a control character of a text 6.
    let widest =
      tensor.elementType.byteWidth.map { tensor.bytes.readableBytes / $0 * 25 }
      ?? tensor.bytes.readableBytes * 6
    guard widest <= Self.textBytesMax - Swift.min(readableBytes, Self.textBytesMax) else {
      throw InferenceError(
        .invalidArgument,
        "output '\(output)' of \(tensor.bytes.readableBytes) bytes is too large for JSON; ask for "
          + "'binary_data'")
    }
    switch tensor.elementType {
    case .fp32:
      writeElements(tensor, as: UInt32.self) { $0.writeJSON(number: Float(bitPattern: $1)) }
    case .fp64:
      writeElements(tensor, as: UInt64.self) { $0.writeJSON(number: Double(bitPattern: $1)) }
    case .bool:
      writeElements(tensor, as: UInt8.self) { $0.writeStaticString($1 == 0 ? "false" : "true") }
    case .int8: writeIntegers(tensor, as: Int8.self)
    case .int16: writeIntegers(tensor, as: Int16.self)
    case .int32: writeIntegers(tensor, as: Int32.self)
    case .int64: writeIntegers(tensor, as: Int64.self)
    case .uint8: writeIntegers(tensor, as: UInt8.self)
    case .uint16: writeIntegers(tensor, as: UInt16.self)
    case .uint32: writeIntegers(tensor, as: UInt32.self)
    case .uint64: writeIntegers(tensor, as: UInt64.self)
    case .bytes: try writeTexts(tensor, output)
    case .fp16, .bf16:
      throw InferenceError(
        .invalidArgument,
        "sending \(tensor.elementType.wireName) data via JSON is not supported. Please use the "
          + "binary data format for output '\(output)'")
    }
  }

  private mutating func writeIntegers<T: FixedWidthInteger>(_ tensor: Tensor, as type: T.Type) {
    writeElements(tensor, as: type) { $0.writeJSON(integer: $1) }
  }

  @inline(__always)
  private mutating func writeElements<T: FixedWidthInteger>(
    _ tensor: Tensor, as type: T.Type, _ write: (inout ByteBuffer, T) -> Void
  ) {
    var index = tensor.bytes.readerIndex
    let end = tensor.bytes.writerIndex
    var isFirst = true
    while index < end,
      let value = tensor.bytes.getInteger(at: index, endianness: .little, as: type)
    {
      if !isFirst { writeInteger(UInt8(0x2C)) }
      isFirst = false
      write(&self, value)
      index += MemoryLayout<T>.size
    }
  }

  private mutating func writeTexts(_ tensor: Tensor, _ output: String) throws(InferenceError) {
    var isFirst = true
    var isText = true
    BytesElements.forEach(in: tensor.bytes) { element in
      guard isText else { return }
      if !isFirst { writeInteger(UInt8(0x2C)) }
      isFirst = false
      isText = writeJSON(bytes: element)
    }
    guard isText else {
      throw InferenceError(
        .invalidArgument,
        "output '\(output)' holds bytes that are not UTF-8, which JSON cannot carry; ask for "
          + "'binary_data'")
    }
  }
}
