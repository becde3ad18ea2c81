private import CZlib
package import NIOCore

/// Compresses whole bodies. Any thread.
package enum Deflater {
  /// zlib's level: the quickest, as answers are waited for.
  private static let level: Int32 = 1

  /// `source` as one complete stream of `format`, appended to `target`.
  ///
  /// - Throws: ``CompressionError/outOfMemory``.
  package static func deflate(
    _ source: ByteBuffer, _ format: CompressionFormat, appendingTo target: inout ByteBuffer
  ) throws(CompressionError) {
    var stream = unsafe z_stream()
    guard
      unsafe deflateInit2_(
        &stream, level, Z_DEFLATED, format.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .outOfMemory }
    defer { unsafe deflateEnd(&stream) }
    guard source.readableBytes <= Int(UInt32.max) / 2 else { throw .outOfMemory }
    let bound = Int(unsafe deflateBound(&stream, UInt(source.readableBytes)))
    var isDone = false
    unsafe source.withUnsafeReadableBytes { bytes in
      unsafe stream.next_in = UnsafeMutablePointer(
        mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
      unsafe stream.avail_in = UInt32(bytes.count)
      unsafe target.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { output in
        unsafe stream.next_out = output.bindMemory(to: UInt8.self).baseAddress
        unsafe stream.avail_out = UInt32(clamping: output.count)
        let offered = Int(unsafe stream.avail_out)
        isDone = unsafe CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END
        return offered - Int(unsafe stream.avail_out)
      }
    }
    guard isDone else { throw .outOfMemory }
  }
}
