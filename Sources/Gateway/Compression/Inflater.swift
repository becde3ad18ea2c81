private import CZlib
package import NIOCore

/// Decompresses whole bodies. Any thread.
package enum Inflater {
  /// Bytes the output grows by at least; the sender's word for its size is never taken.
  private static let stepBytes = 16_384

  /// The content of `source`, which must be one complete stream of `format`.
  ///
  /// - Throws: ``CompressionError``; at most `limit` bytes are ever held.
  package static func inflate(
    _ source: ByteBuffer, _ format: CompressionFormat, limit: Int
  ) throws(CompressionError) -> ByteBuffer {
    var stream = unsafe z_stream()
    guard
      unsafe inflateInit2_(
        &stream, format.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .outOfMemory }
    defer { unsafe inflateEnd(&stream) }
    guard source.readableBytes <= Int(UInt32.max) else { throw .tooLarge(limit: limit) }
    var target = ByteBufferAllocator().buffer(
      capacity: min(limit, max(stepBytes, source.readableBytes &* 2)))
    let status = unsafe source.withUnsafeReadableBytes { bytes in
      unsafe stream.next_in = UnsafeMutablePointer(
        mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
      unsafe stream.avail_in = UInt32(bytes.count)
      return unsafe run(&stream, into: &target, limit: limit)
    }
    switch status {
    case .ended: break
    case .full: throw .tooLarge(limit: limit)
    case .broken: throw .malformed(format)
    }
    guard unsafe stream.avail_in == 0 else { throw .malformed(format) }
    return target
  }

  private enum Status {
    case ended, full, broken
  }

  private static func run(
    _ stream: inout z_stream, into target: inout ByteBuffer, limit: Int
  ) -> Status {
    while true {
      // One byte more than allowed shows that there is more.
      let room = min(limit + 1 - target.readableBytes, max(stepBytes, target.writableBytes))
      if room <= 0 { return .full }
      var result = Z_OK
      unsafe target.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { bytes in
        let available = min(bytes.count, room)
        unsafe stream.next_out = bytes.bindMemory(to: UInt8.self).baseAddress
        unsafe stream.avail_out = UInt32(clamping: available)
        let offered = Int(unsafe stream.avail_out)
        result = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
        return offered - Int(unsafe stream.avail_out)
      }
      if target.readableBytes > limit { return .full }
      switch result {
      case Z_STREAM_END: return .ended
      case Z_OK: continue
      default: return .broken
      }
    }
  }
}
