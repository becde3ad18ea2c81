package import NIOCore

/// A tensor in the protocol's wire form: row-major, little-endian, without padding.
///
/// The bytes are a slice that shares its storage (a request's body, a batch's output), so a
/// tensor costs no copy. Elements of type ``ElementType/bytes`` are each a `uint32` little-endian
/// length followed by that many bytes.
package struct Tensor: Sendable, Equatable {
  package var elementType: ElementType
  package var shape: TensorShape
  package var bytes: ByteBuffer

  package init(elementType: ElementType, shape: TensorShape, bytes: ByteBuffer) {
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// Checks that the bytes are exactly what the type and the shape ask for.
  ///
  /// - Throws: ``TensorError`` naming what was found and what was expected.
  /// - Complexity: O(1), but O(elements) for ``ElementType/bytes``.
  package func validate() throws(TensorError) {
    guard let count = shape.elementCount else { throw .shapeTooLarge(shape) }
    if let width = elementType.byteWidth {
      let (expected, overflow) = count.multipliedReportingOverflow(by: width)
      if overflow { throw .shapeTooLarge(shape) }
      if bytes.readableBytes != expected {
        throw .byteCount(found: bytes.readableBytes, expected: expected)
      }
    } else {
      try BytesElements.validate(bytes, elementCount: count)
    }
  }

  /// The rows `range` of the first dimension, sharing this tensor's storage.
  ///
  /// - Complexity: O(1), but O(elements before the end of the range) for ``ElementType/bytes``.
  package func rows(_ range: Range<Int>) -> Tensor {
    precondition(shape.rank >= 1 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    if range.lowerBound == 0 && range.upperBound == shape[0] { return self }
    let rowElements = shape[0] == 0 ? 0 : (shape.elementCount ?? 0) / shape[0]
    var slice = bytes
    if let width = elementType.byteWidth {
      let rowBytes = rowElements * width
      slice = slice.sliceOrEmpty(at: rowBytes * range.lowerBound, length: rowBytes * range.count)
    } else {
      let start = BytesElements.offset(of: rowElements * range.lowerBound, in: bytes, from: 0)
      let end = BytesElements.offset(of: rowElements * range.count, in: bytes, from: start)
      slice = slice.sliceOrEmpty(at: start, length: end - start)
    }
    return Tensor(elementType: elementType, shape: shape.withFirst(range.count), bytes: slice)
  }
}

/// Why bytes are not the tensor they claim to be.
package enum TensorError: Error, Equatable, Sendable {
  /// The dimensions multiply to more than an `Int` holds.
  case shapeTooLarge(TensorShape)
  /// A fixed-width tensor has too few or too many bytes.
  case byteCount(found: Int, expected: Int)
  /// A `BYTES` element's length reaches past the end of the data.
  case elementTruncated(index: Int, length: Int, available: Int)
  /// A `BYTES` tensor holds another number of elements than its shape.
  case elementCount(found: Int, expected: Int)
}

extension ByteBuffer {
  /// A slice relative to the reader index; empty if `length` is 0.
  fileprivate func sliceOrEmpty(at offset: Int, length: Int) -> ByteBuffer {
    getSlice(at: readerIndex + offset, length: length) ?? ByteBuffer()
  }
}
