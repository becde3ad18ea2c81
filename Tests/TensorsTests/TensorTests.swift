import NIOCore
import Tensors
import Testing

@Suite struct TensorTests {
  private func tensor(_ type: ElementType, _ shape: TensorShape, bytes: Int) -> Tensor {
    Tensor(
      elementType: type, shape: shape,
      bytes: ByteBuffer(bytes: (0..<bytes).map { UInt8(truncatingIfNeeded: $0) }))
  }

  @Test func `a tensor with as many bytes as its shape says is valid`() throws {
    for type in ElementType.allCases {
      guard let width = type.byteWidth else { continue }
      try tensor(type, [2, 3], bytes: 6 * width).validate()
      try tensor(type, [0, 3], bytes: 0).validate()
      try tensor(type, [], bytes: width).validate()
    }
  }

  @Test func `a byte too many or too few is named`() {
    #expect(throws: TensorError.byteCount(found: 7, expected: 8)) {
      try tensor(.fp32, [2], bytes: 7).validate()
    }
    #expect(throws: TensorError.byteCount(found: 9, expected: 8)) {
      try tensor(.fp32, [2], bytes: 9).validate()
    }
  }

  @Test func `a shape that overflows is refused`() {
    let huge: TensorShape = [Int.max, 2]
    #expect(throws: TensorError.shapeTooLarge(huge)) {
      try tensor(.fp32, huge, bytes: 0).validate()
    }
    let wide: TensorShape = [Int.max / 2]
    #expect(throws: TensorError.shapeTooLarge(wide)) {
      try tensor(.fp64, wide, bytes: 0).validate()
    }
  }

  @Test func `rows of a fixed-width tensor share its storage`() {
    let whole = tensor(.int16, [4, 3], bytes: 24)
    let middle = whole.rows(1..<3)
    #expect(middle.shape == [2, 3])
    #expect(middle.bytes == ByteBuffer(bytes: (6..<18).map { UInt8($0) }))
    #expect(whole.rows(0..<4) == whole)
    #expect(whole.rows(4..<4).bytes.readableBytes == 0)
    #expect(whole.rows(2..<2).shape == [0, 3])
  }

  @Test func `rows count from where a tensor's slice starts`() {
    var body = ByteBuffer(bytes: [9, 9, 1, 2, 3, 4, 8])
    body.moveReaderIndex(forwardBy: 2)
    let slice = body.readSlice(length: 4) ?? ByteBuffer()
    let two = Tensor(elementType: .uint8, shape: [2, 2], bytes: slice)
    #expect(two.rows(1..<2).bytes == ByteBuffer(bytes: [3, 4]))
  }

  @Test func `rows of strings are found by their lengths`() throws {
    var bytes = ByteBuffer()
    for text in ["a", "", "bcd", "ef", "g", ""] {
      BytesElements.append(Array(text.utf8), to: &bytes)
    }
    let words = Tensor(elementType: .bytes, shape: [3, 2], bytes: bytes)
    try words.validate()
    var expected = ByteBuffer()
    for text in ["bcd", "ef"] { BytesElements.append(Array(text.utf8), to: &expected) }
    #expect(words.rows(1..<2).bytes == expected)
    #expect(words.rows(0..<3) == words)
    #expect(words.rows(3..<3).bytes.readableBytes == 0)
    let none = Tensor(elementType: .bytes, shape: [0, 2], bytes: ByteBuffer())
    #expect(none.rows(0..<0) == none)
  }

  @Test func `pieces of a tensor make it up again`() {
    let whole = tensor(.fp64, [7, 2], bytes: 112)
    var joined = ByteBuffer()
    for row in 0..<7 {
      var piece = whole.rows(row..<row + 1).bytes
      joined.writeBuffer(&piece)
    }
    #expect(joined == whole.bytes)
  }
}
