import Gateway
import NIOCore
import Testing

@Suite struct CompressionTests {
  @Test(arguments: CompressionFormat.allCases)
  func `what is compressed comes back`(_ format: CompressionFormat) throws {
    for count in [0, 1, 1_000, 300_000] {
      let source = ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) })
      var compressed = ByteBuffer()
      try Deflater.deflate(source, format, appendingTo: &compressed)
      #expect(try Inflater.inflate(compressed, format, limit: count) == source)
      if count > 0 {
        #expect(throws: CompressionError.tooLarge(limit: count - 1)) {
          try Inflater.inflate(compressed, format, limit: count - 1)
        }
      }
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `truncated, damaged and trailing bytes are refused`(_ format: CompressionFormat) throws {
    var compressed = ByteBuffer()
    try Deflater.deflate(ByteBuffer(string: "needle needle"), format, appendingTo: &compressed)
    let bytes = Array(compressed.readableBytesView)
    for count in 0..<bytes.count {
      #expect(throws: CompressionError.malformed(format)) {
        try Inflater.inflate(ByteBuffer(bytes: bytes[..<count]), format, limit: 100)
      }
    }
    #expect(throws: CompressionError.malformed(format)) {
      try Inflater.inflate(ByteBuffer(bytes: bytes + [0]), format, limit: 100)
    }
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0x55
      _ = try? Inflater.inflate(ByteBuffer(bytes: damaged), format, limit: 100)
    }
  }

  @Test func `a bomb stops at the limit`() throws {
    var compressed = ByteBuffer()
    try Deflater.deflate(
      ByteBuffer(repeating: 0, count: 50_000_000), .gzip, appendingTo: &compressed)
    #expect(throws: CompressionError.tooLarge(limit: 1 << 20)) {
      try Inflater.inflate(compressed, .gzip, limit: 1 << 20)
    }
  }
}
