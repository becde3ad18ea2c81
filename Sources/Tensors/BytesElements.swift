package import NIOCore

/// Reads the wire form of ``ElementType/bytes``: each element a `uint32` length, then its bytes.
package enum BytesElements {
  /// Checks that `bytes` holds exactly `elementCount` well-formed elements.
  package static func validate(_ bytes: ByteBuffer, elementCount: Int) throws(TensorError) {
    let end = bytes.writerIndex
    var index = bytes.readerIndex
    var count = 0
    while index < end {
      guard count < elementCount else { break }
      guard end - index >= 4 else {
        throw .elementTruncated(index: count, length: 4, available: end - index)
      }
      let length = Int(bytes.getInteger(at: index, endianness: .little, as: UInt32.self) ?? 0)
      index += 4
      guard length <= end - index else {
        throw .elementTruncated(index: count, length: length, available: end - index)
      }
      index += length
      count += 1
    }
    guard count == elementCount else { throw .elementCount(found: count, expected: elementCount) }
    guard index == end else {
      throw .byteCount(found: bytes.readableBytes, expected: index - bytes.readerIndex)
    }
  }

  /// The byte offset at which element number `element` starts, counted from offset `start`.
  ///
  /// The bytes must have passed ``validate(_:elementCount:)``.
  package static func offset(of element: Int, in bytes: ByteBuffer, from start: Int) -> Int {
    var index = bytes.readerIndex + start
    for _ in 0..<element {
      guard let length = bytes.getInteger(at: index, endianness: .little, as: UInt32.self) else {
        break
      }
      index += 4 + Int(length)
    }
    return index - bytes.readerIndex
  }

  /// Calls `body` with each element's bytes, in order.
  ///
  /// The bytes must have passed ``validate(_:elementCount:)``.
  package static func forEach(in bytes: ByteBuffer, _ body: (ByteBuffer) -> Void) {
    var rest = bytes
    while let length = rest.readInteger(endianness: .little, as: UInt32.self),
      let element = rest.readSlice(length: Int(length))
    {
      body(element)
    }
  }

  /// Appends one element to `buffer` in wire form.
  package static func append(_ element: some Collection<UInt8>, to buffer: inout ByteBuffer) {
    buffer.writeInteger(UInt32(element.count), endianness: .little)
    buffer.writeBytes(element)
  }
}
