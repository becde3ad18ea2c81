private import Foundation
internal import Gateway
internal import NIOCore
internal import Tensors

extension JSONTensorReader {
  /// `{"content": […], "shape": […]}` or `{"b64": "…", "shape": […]}`; `content` may hold the
  /// object with `b64`.
  func object(
    of spec: TensorSpec, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>,
    _ given: inout TensorShape?
  ) throws(JSONError) -> Elements {
    let start = cursor.position
    var elements: Elements?
    var isFirst = true
    while let key = try cursor.nextKey(bytes, &isFirst) {
      if key.equals("shape", in: bytes) {
        given = try cursor.shape(bytes)
        continue
      }
      guard elements == nil else {
        throw JSONError("input '\(spec.name)' has its values twice", at: key.range.lowerBound)
      }
      if key.equals("b64", in: bytes) {
        elements = try encoded(spec, &cursor, bytes)
      } else if key.equals("content", in: bytes), cursor.peek(bytes) != 0x7B {
        elements = try self.elements(of: spec, &cursor, bytes)
      } else if key.equals("content", in: bytes) {
        var isFirstInside = true
        while let inner = try cursor.nextKey(bytes, &isFirstInside) {
          guard inner.equals("b64", in: bytes), elements == nil else {
            throw JSONError(
              "'content' of input '\(spec.name)' is an array or one 'b64'",
              at: inner.range.lowerBound)
          }
          elements = try encoded(spec, &cursor, bytes)
        }
      } else {
        throw JSONError(
          "the values of input '\(spec.name)' have 'content' or 'b64', and 'shape'",
          at: key.range.lowerBound)
      }
    }
    guard let elements else {
      throw JSONError("input '\(spec.name)' has neither 'content' nor 'b64'", at: start)
    }
    return elements
  }

  /// Reads an array, flat or nested, or a single value.
  func elements(
    of spec: TensorSpec, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(JSONError) -> Elements {
    let isArray = cursor.peek(bytes) == 0x5B
    let start = cursor.position
    guard isArray else {
      // A single value: read as an array of one.
      try cursor.skipValue(bytes, depthMax: Self.depthMax)
      var text: [UInt8] = [0x5B]
      for index in start..<cursor.position { text.append(bytes[index]) }
      text.append(0x5D)
      var inner = JSONCursor(0..<text.count)
      do throws(JSONError) {
        return try array(of: spec, &inner, text.span)
      } catch {
        throw JSONError(error.reason, at: start + max(0, error.offset - 1))
      }
    }
    return try array(of: spec, &cursor, bytes)
  }

  /// JSON has no 16-bit floating-point numbers: those are read as `Float` and rounded.
  private func array(
    of spec: TensorSpec, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(JSONError) -> Elements {
    let isHalf = spec.elementType == .fp16 || spec.elementType == .bf16
    let row = TensorShape(model.rowDimensions(of: spec).map { max(1, $0) })?.elementCount ?? 1
    var data = JSONTensorData(
      elementType: isHalf ? .fp32 : spec.elementType,
      countHint: min(row, (cursor.end - cursor.position) / 2 + 1),
      allocator: ByteBufferAllocator())
    do throws(JSONError) {
      try data.read(&cursor, bytes)
    } catch {
      throw JSONError(
        "input '\(spec.name)' (\(spec.elementType.wireName)): \(error.reason)", at: error.offset)
    }
    guard isHalf else { return Elements(bytes: data.bytes, count: data.count) }
    var source = data.bytes
    var halves = ByteBufferAllocator().buffer(capacity: data.count * 2)
    while let bits = source.readInteger(endianness: .little, as: UInt32.self) {
      let value = Float(bitPattern: bits)
      let half = spec.elementType == .fp16 ? HalfPrecision.fp16(value) : HalfPrecision.bf16(value)
      halves.writeInteger(half, endianness: .little)
    }
    return Elements(bytes: halves, count: data.count)
  }

  /// Bytes in base 64: little-endian elements; for `BYTES` elements with their lengths, or else one
  /// element without.
  private func encoded(
    _ spec: TensorSpec, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(JSONError) -> Elements {
    let text = try cursor.string(bytes)
    guard let data = Data(base64Encoded: text.string(in: bytes)) else {
      throw JSONError(
        "'b64' of input '\(spec.name)' is not base 64", at: text.range.lowerBound)
    }
    let decoded = ByteBuffer(bytes: data)
    if let width = spec.elementType.byteWidth {
      guard data.count.isMultiple(of: width) else {
        throw JSONError(
          "'b64' of input '\(spec.name)' has \(data.count) bytes, an element of "
            + "\(spec.elementType.wireName) has \(width)", at: text.range.lowerBound)
      }
      return Elements(bytes: decoded, count: data.count / width)
    }
    if let count = Self.elementCount(ofTexts: decoded) {
      return Elements(bytes: decoded, count: count)
    }
    var single = ByteBuffer()
    BytesElements.append(data, to: &single)
    return Elements(bytes: single, count: 1)
  }

  /// The elements of a `BYTES` tensor in wire form; `nil` if it is not one.
  private static func elementCount(ofTexts bytes: ByteBuffer) -> Int? {
    var rest = bytes
    var count = 0
    while rest.readableBytes > 0 {
      guard let length = rest.readInteger(endianness: .little, as: UInt32.self),
        rest.readSlice(length: Int(length)) != nil
      else { return nil }
      count += 1
    }
    return count
  }

  func tensor(
    _ elements: Elements, _ spec: TensorSpec, _ given: TensorShape?, at offset: Int
  ) throws(JSONError) -> Tensor {
    let shape = try mismatch(at: offset) { () throws(InputMismatch) in
      if let given { return try model.shape(ofElements: elements.count, in: spec, given: given) }
      return try model.shape(ofElements: elements.count, in: spec)
    }
    return Tensor(elementType: spec.elementType, shape: shape, bytes: elements.bytes)
  }

  /// Gives a mismatch its place.
  func mismatch<T>(at offset: Int, _ body: () throws(InputMismatch) -> T) throws(JSONError) -> T {
    do throws(InputMismatch) {
      return try body()
    } catch {
      throw JSONError(error.text, at: offset)
    }
  }
}
