import NIOCore
import Tensors
import Testing

@Suite struct BytesElementsTests {
  private func wire(_ texts: [String]) -> ByteBuffer {
    var buffer = ByteBuffer()
    for text in texts { BytesElements.append(Array(text.utf8), to: &buffer) }
    return buffer
  }

  @Test func `elements come back as they were appended`() throws {
    let texts = ["", "one", "zwei", String(repeating: "x", count: 1000), ""]
    let buffer = wire(texts)
    try BytesElements.validate(buffer, elementCount: texts.count)
    var found: [String] = []
    BytesElements.forEach(in: buffer) { found.append(String(buffer: $0)) }
    #expect(found == texts)
  }

  @Test func `another number of elements is named`() {
    #expect(throws: TensorError.elementCount(found: 2, expected: 3)) {
      try BytesElements.validate(wire(["a", "b"]), elementCount: 3)
    }
    #expect(throws: TensorError.byteCount(found: 10, expected: 5)) {
      try BytesElements.validate(wire(["a", "b"]), elementCount: 1)
    }
    #expect(throws: TensorError.self) {
      try BytesElements.validate(wire(["a"]), elementCount: 0)
    }
  }

  @Test func `an element that reaches past the end is named`() {
    #expect(throws: TensorError.elementTruncated(index: 0, length: 4, available: 3)) {
      try BytesElements.validate(ByteBuffer(bytes: [1, 0, 0]), elementCount: 1)
    }
    #expect(throws: TensorError.elementTruncated(index: 0, length: 0xFFFF_FFFF, available: 1)) {
      try BytesElements.validate(
        ByteBuffer(bytes: [255, 255, 255, 255, 1]), elementCount: 1)
    }
  }

  @Test func `offsets count from the start that is given`() {
    let buffer = wire(["a", "bc", "def"])
    #expect(BytesElements.offset(of: 0, in: buffer, from: 0) == 0)
    #expect(BytesElements.offset(of: 2, in: buffer, from: 0) == 11)
    #expect(BytesElements.offset(of: 1, in: buffer, from: 5) == 11)
    #expect(BytesElements.offset(of: 3, in: buffer, from: 0) == buffer.readableBytes)
  }

  @Test func `random bytes are either refused or read without leaving the buffer`() {
    var seed: UInt64 = 0x5EED_0001
    print("seed \(seed)")
    func next() -> UInt64 {
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      return seed
    }
    var accepted = 0
    for _ in 0..<20_000 {
      let length = Int(next() % 24)
      let bytes = (0..<length).map { index in
        // Small lengths come up often enough for some texts to be valid.
        index % 4 == 0 ? UInt8(next() % 5) : UInt8(next() % 8 == 0 ? next() % 256 : 0)
      }
      let buffer = ByteBuffer(bytes: bytes)
      let count = Int(next() % 5)
      guard (try? BytesElements.validate(buffer, elementCount: count)) != nil else { continue }
      accepted += 1
      var found = 0
      var total = 0
      BytesElements.forEach(in: buffer) {
        found += 1
        total += 4 + $0.readableBytes
      }
      #expect(found == count)
      #expect(total == length)
    }
    #expect(accepted > 100)
  }
}
