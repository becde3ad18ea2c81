internal import Tensors

/// The header of a NumPy array file, versions 1 to 3.
struct NumPyArray: Equatable {
  /// Axes at most.
  private static let axesMax = 32

  /// NumPy's name of the element type, for example `<f4`.
  var typeName: String
  /// The type of the elements.
  var elementType: ElementType
  var shape: [Int]
  /// Where the elements begin.
  var offset: Int

  /// Reads the header of a whole file.
  ///
  /// - Throws: ``NumPyError`` with the byte at which it was noticed.
  init(_ bytes: Span<UInt8>) throws(NumPyError) {
    let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
    guard bytes.count >= 10 else {
      throw NumPyError("the file has \(bytes.count) bytes, too few for a NumPy array", at: 0)
    }
    for index in magic.indices where bytes[index] != magic[index] {
      throw NumPyError("this is no NumPy array file; save it with numpy.save", at: index)
    }
    let version = bytes[6]
    guard (1...3).contains(version), bytes[7] == 0 else {
      throw NumPyError("version \(version).\(bytes[7]) of the format is unknown", at: 6)
    }
    var length = Int(bytes[8]) | Int(bytes[9]) << 8
    var start = 10
    if version > 1 {
      guard bytes.count >= 12 else { throw NumPyError("the header has no end", at: bytes.count) }
      length |= Int(bytes[10]) << 16 | Int(bytes[11]) << 24
      start = 12
    }
    guard length <= bytes.count - start else {
      throw NumPyError("the header has no end", at: bytes.count)
    }
    var reader = NumPyHeaderReader(start..<start + length)
    try reader.read(bytes)
    guard let typeName = reader.typeName, let shape = reader.shape else {
      throw NumPyError("the header lacks 'descr' or 'shape'", at: start)
    }
    guard !reader.isColumnMajor else {
      throw NumPyError(
        "the array is stored column by column; save numpy.ascontiguousarray(a)", at: start)
    }
    guard shape.count <= Self.axesMax else {
      throw NumPyError("the array has \(shape.count) axes", at: start)
    }
    self.typeName = typeName
    self.shape = shape
    offset = start + length
    elementType = try Self.elementType(typeName, at: start)
  }

  private static func elementType(_ name: String, at offset: Int) throws(NumPyError) -> ElementType
  {
    let order = name.first ?? " "
    let kind = name.dropFirst()
    if let first = kind.first, "SUaO".contains(first) {
      throw NumPyError(
        "elements of type '\(name)' are texts or objects; put them into a .json or .csv file",
        at: offset)
    }
    let single: [String: ElementType] = ["b1": .bool, "i1": .int8, "u1": .uint8]
    if let type = single[String(kind)], order == "|" || order == "<" || order == ">" {
      return type
    }
    let wide: [String: ElementType] = [
      "i2": .int16, "i4": .int32, "i8": .int64, "u2": .uint16, "u4": .uint32, "u8": .uint64,
      "f2": .fp16, "f4": .fp32, "f8": .fp64,
      // What bfloat16 extensions of NumPy write.
      "V2": .bf16,
    ]
    guard let type = wide[String(kind)] else {
      throw NumPyError(
        "elements of type '\(name)' have no counterpart; convert with a.astype(numpy.float32)",
        at: offset)
    }
    guard order == "<" || type == .bf16 && order == "|" else {
      throw NumPyError(
        "elements of type '\(name)' are big-endian; convert with a.astype('<\(kind)')", at: offset)
    }
    return type
  }
}

/// Why a file is no NumPy array that can be used: what, and at which byte.
struct NumPyError: Error, Equatable {
  var reason: String
  var offset: Int

  init(_ reason: String, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }
}

/// Reads the header's dictionary, a literal of Python with three known keys.
struct NumPyHeaderReader {
  private(set) var typeName: String?
  private(set) var shape: [Int]?
  private(set) var isColumnMajor = false
  private var position: Int
  private let end: Int

  init(_ range: Range<Int>) {
    position = range.lowerBound
    end = range.upperBound
  }

  mutating func read(_ bytes: Span<UInt8>) throws(NumPyError) {
    try expect("{", bytes)
    while !skip("}", bytes) {
      let start = position
      let key = try string(bytes)
      try expect(":", bytes)
      switch key {
      case "descr":
        skipSpace(bytes)
        if position < end, bytes[position] == 0x5B {
          throw NumPyError("the array has named fields; save one plain array", at: position)
        }
        typeName = try string(bytes)
      case "fortran_order": isColumnMajor = try flag(bytes)
      case "shape": shape = try tuple(bytes)
      default: throw NumPyError("the header has the unknown key '\(key.prefix(20))'", at: start)
      }
      if skip(",", bytes) { continue }
      try expect("}", bytes)
      break
    }
    skipSpace(bytes)
    guard position == end else {
      throw NumPyError("something follows the header's dictionary", at: position)
    }
  }

  private mutating func skipSpace(_ bytes: Span<UInt8>) {
    while position < end, bytes[position] == 0x20 || bytes[position] == 0x0A { position += 1 }
  }

  private mutating func skip(_ character: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
    skipSpace(bytes)
    guard position < end, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(
    _ character: Unicode.Scalar, _ bytes: Span<UInt8>
  ) throws(NumPyError) {
    guard skip(character, bytes) else {
      throw NumPyError("the header is malformed: expected '\(character)'", at: position)
    }
  }

  private mutating func string(_ bytes: Span<UInt8>) throws(NumPyError) -> String {
    skipSpace(bytes)
    guard position < end, bytes[position] == 0x27 || bytes[position] == 0x22 else {
      throw NumPyError("the header is malformed: expected a text in quotes", at: position)
    }
    let quote = bytes[position]
    var content: [UInt8] = []
    position += 1
    while position < end, bytes[position] != quote {
      guard bytes[position] != 0x5C else {
        throw NumPyError("the header holds an escape", at: position)
      }
      content.append(bytes[position])
      position += 1
    }
    guard position < end else { throw NumPyError("a text in the header has no end", at: position) }
    position += 1
    return String(decoding: content, as: UTF8.self)
  }

  private mutating func flag(_ bytes: Span<UInt8>) throws(NumPyError) -> Bool {
    skipSpace(bytes)
    for (word, value) in [("True", true), ("False", false)] {
      let text = Array(word.utf8)
      guard end - position >= text.count else { continue }
      if text.indices.allSatisfy({ bytes[position + $0] == text[$0] }) {
        position += text.count
        return value
      }
    }
    throw NumPyError("the header is malformed: expected True or False", at: position)
  }

  private mutating func tuple(_ bytes: Span<UInt8>) throws(NumPyError) -> [Int] {
    try expect("(", bytes)
    var values: [Int] = []
    while !skip(")", bytes) {
      skipSpace(bytes)
      let start = position
      var value = 0
      while position < end, bytes[position] &- 0x30 < 10 {
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(Int(bytes[position] - 0x30))
        guard !overflow, !carry else { throw NumPyError("an axis is too long", at: start) }
        value = sum
        position += 1
      }
      guard position > start else {
        throw NumPyError("the header is malformed: expected a whole number", at: position)
      }
      values.append(value)
      if skip(",", bytes) { continue }
      try expect(")", bytes)
      break
    }
    return values
  }
}
