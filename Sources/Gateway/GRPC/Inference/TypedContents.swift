package import NIOCore
package import Tensors

/// Turns an `InferTensorContents` message into a tensor's wire form.
package enum TypedContents {
  /// Why typed contents are not the data of the tensor.
  package enum Failure: Error, Equatable, Sendable {
    /// The message is malformed.
    case malformed(ProtobufError)
    /// A field other than the one of the tensor's type holds elements.
    case otherType
    /// A value does not fit the tensor's type.
    case outOfRange
    /// The data in wire form would be larger than ``byteCountMax``.
    case tooLarge
  }

  /// The most bytes typed contents may expand to.
  package static let byteCountMax = 1 << 30

  /// The number of the field that holds elements of `type`; `nil` for types that only go raw.
  package static func field(of type: ElementType) -> Int? {
    switch type {
    case .bool: 1
    case .int8, .int16, .int32: 2
    case .int64: 3
    case .uint8, .uint16, .uint32: 4
    case .uint64: 5
    case .fp32: 6
    case .fp64: 7
    case .bytes: 8
    case .fp16, .bf16: nil
    }
  }

  /// Reads the contents in `span` of `message` and appends their elements to `data`.
  ///
  /// - Parameters:
  ///   - message: the whole request; a single packed run of `fp32` or `fp64` becomes a slice of it.
  ///   - bytes: the message's readable bytes.
  package static func append(
    _ span: FieldSpan, of message: ByteBuffer, _ bytes: Span<UInt8>, type: ElementType,
    to data: inout ByteBuffer
  ) throws(Failure) {
    let wanted = field(of: type)
    var cursor = ProtobufCursor(span)
    while !cursor.isAtEnd {
      let run: ElementRun
      do { run = try nextRun(&cursor, bytes) } catch { throw .malformed(error) }
      // An empty packed run holds no element, so it is of no type.
      if run.field == 0 || run.span.isEmpty && run.field != 8 { continue }
      guard run.field == wanted else { throw .otherType }
      try appendRun(run.span, of: message, bytes, type: type, to: &data)
      guard data.readableBytes <= byteCountMax else { throw .tooLarge }
    }
  }

  /// Elements that lie one after another: a packed field, or the value of a single one.
  private struct ElementRun {
    /// 0 for a field that holds no elements.
    var field: Int
    var span: FieldSpan
  }

  private static func nextRun(
    _ cursor: inout ProtobufCursor, _ bytes: Span<UInt8>
  ) throws(ProtobufError) -> ElementRun {
    let tag = try cursor.readTag(bytes)
    if (1...8).contains(tag.number), tag.wireType == .lengthDelimited {
      return ElementRun(field: tag.number, span: try cursor.readSpan(bytes))
    }
    let start = cursor.offset
    try cursor.skip(tag, bytes)
    let isElement =
      switch tag.number {
      case 1, 2, 3, 4, 5: tag.wireType == .varint
      case 6: tag.wireType == .fixed32
      case 7: tag.wireType == .fixed64
      default: false
      }
    return ElementRun(
      field: isElement ? tag.number : 0,
      span: FieldSpan(start: start, count: cursor.offset - start))
  }

  private static func appendRun(
    _ run: FieldSpan, of message: ByteBuffer, _ bytes: Span<UInt8>, type: ElementType,
    to data: inout ByteBuffer
  ) throws(Failure) {
    switch type {
    case .fp32, .fp64:
      guard run.count % (type.byteWidth ?? 1) == 0 else { throw .malformed(.truncated) }
      appendSlice(run, of: message, to: &data)
    case .bytes:
      data.writeInteger(UInt32(run.count), endianness: .little)
      appendSlice(run, of: message, to: &data)
    case .bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64:
      try appendVarints(run, bytes, type: type, to: &data)
    case .fp16, .bf16:
      throw .otherType
    }
  }

  /// Appends bytes of the message as they are; the first ones cost no copy.
  private static func appendSlice(
    _ run: FieldSpan, of message: ByteBuffer, to data: inout ByteBuffer
  ) {
    let start = message.readerIndex + run.start
    guard let slice = message.getSlice(at: start, length: run.count) else { return }
    if data.readableBytes == 0 {
      data = slice
    } else {
      data.writeImmutableBuffer(slice)
    }
  }

  private static func appendVarints(
    _ run: FieldSpan, _ bytes: Span<UInt8>, type: ElementType, to data: inout ByteBuffer
  ) throws(Failure) {
    var cursor = ProtobufCursor(run)
    while !cursor.isAtEnd {
      guard data.readableBytes <= byteCountMax else { throw .tooLarge }
      let raw: UInt64
      do { raw = try cursor.readVarint(bytes) } catch { throw .malformed(error) }
      switch type {
      case .bool: data.writeInteger(raw == 0 ? 0 as UInt8 : 1)
      case .int8: try write(Int8(exactly: Int32(truncatingIfNeeded: raw)), to: &data)
      case .int16: try write(Int16(exactly: Int32(truncatingIfNeeded: raw)), to: &data)
      case .int32: try write(Int32(truncatingIfNeeded: raw), to: &data)
      case .int64: try write(Int64(bitPattern: raw), to: &data)
      case .uint8: try write(UInt8(exactly: UInt32(truncatingIfNeeded: raw)), to: &data)
      case .uint16: try write(UInt16(exactly: UInt32(truncatingIfNeeded: raw)), to: &data)
      case .uint32: try write(UInt32(truncatingIfNeeded: raw), to: &data)
      case .uint64: try write(raw, to: &data)
      case .fp16, .fp32, .fp64, .bytes, .bf16: throw .otherType
      }
    }
  }

  private static func write<Value: FixedWidthInteger>(
    _ value: Value?, to data: inout ByteBuffer
  ) throws(Failure) {
    guard let value else { throw .outOfRange }
    data.writeInteger(value, endianness: .little)
  }
}
