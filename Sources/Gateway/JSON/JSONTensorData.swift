package import NIOCore
package import Tensors

/// Reads the `data` array of a tensor, flat or nested, straight into the tensor's wire form.
package struct JSONTensorData: Sendable {
  /// Arrays inside each other; a tensor has at most ``TensorShape/rankMax`` dimensions.
  private static let depthMax = TensorShape.rankMax + 1

  /// Bytes reserved ahead of the elements.
  private static let reservedBytesMax = 64 << 20

  /// The elements in wire form.
  package private(set) var bytes: ByteBuffer
  /// How many there are.
  package private(set) var count = 0
  private let elementType: ElementType

  /// - Parameter countHint: the elements to expect; taken as a hint only.
  package init(elementType: ElementType, countHint: Int, allocator: ByteBufferAllocator) {
    self.elementType = elementType
    let width = elementType.byteWidth ?? 8
    let reserved = min(max(0, countHint), Self.reservedBytesMax / width)
    bytes = allocator.buffer(capacity: reserved * width)
  }

  /// Reads the array at the cursor.
  ///
  /// - Throws: ``JSONError`` for elements that the type cannot hold.
  package mutating func read(
    _ cursor: inout JSONCursor, _ source: Span<UInt8>
  ) throws(JSONError) {
    switch elementType {
    case .fp32: try readFloats(&cursor, source)
    case .fp64:
      try forEachElement(&cursor, source) { (data, cursor) throws(JSONError) in
        data.append(try Self.double(&cursor, source).bitPattern)
      }
    case .bool:
      try forEachElement(&cursor, source) { (data, cursor) throws(JSONError) in
        data.append(try Self.flag(&cursor, source))
      }
    case .bytes:
      try forEachElement(&cursor, source) { (data, cursor) throws(JSONError) in
        try data.appendText(&cursor, source)
      }
    case .int8: try readIntegers(&cursor, source, as: Int8.self)
    case .int16: try readIntegers(&cursor, source, as: Int16.self)
    case .int32: try readIntegers(&cursor, source, as: Int32.self)
    case .int64: try readIntegers(&cursor, source, as: Int64.self)
    case .uint8: try readIntegers(&cursor, source, as: UInt8.self)
    case .uint16: try readIntegers(&cursor, source, as: UInt16.self)
    case .uint32: try readIntegers(&cursor, source, as: UInt32.self)
    case .uint64: try readIntegers(&cursor, source, as: UInt64.self)
    case .fp16, .bf16:
      throw JSONError("\(elementType.wireName) has no form in JSON", at: cursor.position)
    }
  }

  private mutating func readFloats(_ cursor: inout JSONCursor, _ source: Span<UInt8>)
    throws(JSONError)
  {
    try forEachElement(&cursor, source) { (data, cursor) throws(JSONError) in
      data.append(try Self.float(&cursor, source).bitPattern)
    }
  }

  private mutating func readIntegers<T: FixedWidthInteger>(
    _ cursor: inout JSONCursor, _ source: Span<UInt8>, as type: T.Type
  ) throws(JSONError) {
    try forEachElement(&cursor, source) { (data, cursor) throws(JSONError) in
      let number = try cursor.number(source)
      guard let value = number.integer(as: T.self) else {
        throw JSONError(
          number.isInteger
            ? "a number is out of the range of \(T.min) to \(T.max)"
            : "a number with a point or an exponent is not an integer",
          at: number.range.lowerBound)
      }
      data.append(value)
    }
  }

  /// Walks the arrays; iterative, so that depth costs nothing.
  @inline(__always)
  private mutating func forEachElement(
    _ cursor: inout JSONCursor, _ source: Span<UInt8>,
    _ read: (inout JSONTensorData, inout JSONCursor) throws(JSONError) -> Void
  ) throws(JSONError) {
    guard cursor.peek(source) == 0x5B else { throw cursor.unexpected("an array") }
    var depth = 0
    repeat {
      if cursor.peek(source) == 0x5B {
        guard depth < Self.depthMax else {
          throw JSONError(
            "tensor data has more than \(Self.depthMax) arrays inside each other",
            at: cursor.position)
        }
        cursor.position += 1
        depth += 1
        guard cursor.skip(0x5D, source) else { continue }
        depth -= 1
      } else {
        try read(&self, &cursor)
        count += 1
      }
      while depth > 0, !cursor.skip(0x2C, source) {
        guard cursor.skip(0x5D, source) else { throw cursor.unexpected("',' or ']'") }
        depth -= 1
      }
    } while depth > 0
  }

  @inline(__always)
  private mutating func append<T: FixedWidthInteger>(_ value: T) {
    bytes.writeInteger(value, endianness: .little)
  }

  private mutating func appendText(_ cursor: inout JSONCursor, _ source: Span<UInt8>)
    throws(JSONError)
  {
    guard cursor.peek(source) == 0x22 else { throw cursor.unexpected("a string") }
    let text = try cursor.string(source)
    let start = bytes.writerIndex
    bytes.writeInteger(UInt32(0))
    text.forEachByte(in: source) { bytes.writeInteger($0) }
    let length = bytes.writerIndex - start - 4
    bytes.setInteger(UInt32(length), at: start, endianness: .little)
  }

  @inline(__always)
  private static func float(_ cursor: inout JSONCursor, _ source: Span<UInt8>) throws(JSONError)
    -> Float
  {
    if let special = try special(&cursor, source) { return Float(special) }
    let number = try cursor.number(source)
    let value = number.float(in: source)
    guard value.isFinite else { throw outOfRange("FP32", number) }
    return value
  }

  @inline(__always)
  private static func double(_ cursor: inout JSONCursor, _ source: Span<UInt8>) throws(JSONError)
    -> Double
  {
    if let special = try special(&cursor, source) { return special }
    let number = try cursor.number(source)
    let value = number.double(in: source)
    guard value.isFinite else { throw outOfRange("FP64", number) }
    return value
  }

  /// `NaN`, `Infinity` and `-Infinity`, which are not JSON but which clients send.
  @inline(__always)
  private static func special(_ cursor: inout JSONCursor, _ source: Span<UInt8>) throws(JSONError)
    -> Double?
  {
    switch cursor.peek(source) {
    case 0x4E:
      try cursor.literal("NaN", source)
      return .nan
    case 0x49:
      try cursor.literal("Infinity", source)
      return .infinity
    case 0x2D where HTTPCharacter.equals(source, cursor.position, "-Infinity"):
      try cursor.literal("-Infinity", source)
      return -.infinity
    default: return nil
    }
  }

  private static func flag(_ cursor: inout JSONCursor, _ source: Span<UInt8>) throws(JSONError)
    -> UInt8
  {
    let first = cursor.peek(source)
    if first == 0x74 || first == 0x66 { return try cursor.bool(source) ? 1 : 0 }
    let number = try cursor.number(source)
    guard let value = number.integer(as: UInt8.self), value <= 1 else {
      throw JSONError("a BOOL is true, false, 1 or 0", at: number.range.lowerBound)
    }
    return value
  }

  private static func outOfRange(_ type: String, _ number: JSONNumber) -> JSONError {
    JSONError("a number is out of the range of \(type)", at: number.range.lowerBound)
  }
}
