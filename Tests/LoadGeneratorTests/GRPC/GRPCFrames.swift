import CNghttp2
import NIOCore

/// Builds a server's HTTP/2 bytes by hand, and cuts a client's bytes into frames.
enum GRPCFrames {
  struct Frame {
    var type: UInt8
    var flags: UInt8
    var stream: Int32
    var payload: [UInt8]

    var endsStream: Bool { type < 2 && flags & 1 != 0 }
  }

  static let prefaceCount = 24

  static func frame(
    _ type: UInt8, flags: UInt8 = 0, stream: Int32, _ payload: [UInt8] = []
  ) -> [UInt8] {
    let count = UInt32(payload.count)
    return Array(big(count).dropFirst()) + [type, flags] + big(UInt32(stream)) + payload
  }

  static func settings(_ entries: [(id: UInt8, value: UInt32)] = []) -> [UInt8] {
    frame(4, stream: 0, entries.flatMap { [0, $0.id] + big($0.value) })
  }

  static let concurrentStreamsMax: UInt8 = 3
  static let initialWindow: UInt8 = 4

  static func windowUpdate(stream: Int32, _ count: UInt32) -> [UInt8] {
    frame(8, stream: stream, big(count))
  }

  static func reset(stream: Int32, _ code: UInt32) -> [UInt8] {
    frame(3, stream: stream, big(code))
  }

  static func goAway(last: Int32, _ code: UInt32, _ text: String = "") -> [UInt8] {
    frame(7, stream: 0, big(UInt32(last)) + big(code) + Array(text.utf8))
  }

  /// HEADERS whose fields are literals, so that no table is needed.
  static func headers(
    stream: Int32, _ fields: [(String, String)], endStream: Bool = false
  ) -> [UInt8] {
    var block: [UInt8] = []
    for (name, value) in fields {
      block += [0, UInt8(name.utf8.count)] + Array(name.utf8)
      block += integer(value.utf8.count, prefixBits: 7) + Array(value.utf8)
    }
    return frame(1, flags: endStream ? 5 : 4, stream: stream, block)
  }

  static func data(stream: Int32, _ bytes: [UInt8], endStream: Bool = false) -> [UInt8] {
    frame(0, flags: endStream ? 1 : 0, stream: stream, bytes)
  }

  static func message(_ bytes: [UInt8], flag: UInt8 = 0) -> [UInt8] {
    [flag] + big(UInt32(bytes.count)) + bytes
  }

  static let head = [(":status", "200"), ("content-type", "application/grpc")]

  /// A whole answer that succeeds.
  static func success(
    stream: Int32, _ bytes: [UInt8] = [1, 2, 3], more: [(String, String)] = []
  ) -> [UInt8] {
    headers(stream: stream, head + more) + data(stream: stream, message(bytes))
      + headers(stream: stream, [("grpc-status", "0")], endStream: true)
  }

  static func frames(_ bytes: [UInt8]) -> [Frame] {
    var frames: [Frame] = []
    var rest = bytes[...]
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
      guard rest.count >= 9 + count else { break }
      let stream = head[5...].reduce(Int32(0)) { $0 << 8 | Int32($1) }
      frames.append(
        Frame(
          type: head[3], flags: head[4], stream: stream,
          payload: Array(rest.dropFirst(9).prefix(count))))
      rest = rest.dropFirst(9 + count)
    }
    return frames
  }

  private static func big(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }

  /// An integer of HPACK (RFC 7541, section 5.1) with nothing in front.
  private static func integer(_ value: Int, prefixBits: Int) -> [UInt8] {
    let limit = 1 << prefixBits - 1
    guard value >= limit else { return [UInt8(value)] }
    var bytes = [UInt8(limit)]
    var rest = value - limit
    while rest >= 128 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}

/// Decodes header blocks of a client, in their order.
@safe final class GRPCHeaderInflater {
  private var inflater: OpaquePointer?

  init() { _ = unsafe nghttp2_hd_inflate_new(&inflater) }

  deinit { unsafe nghttp2_hd_inflate_del(inflater) }

  func fields(_ block: [UInt8]) -> [String: String] {
    var result: [String: String] = [:]
    var offset = 0
    while offset < block.count {
      var field = unsafe nghttp2_nv()
      var flags: CInt = 0
      let count = unsafe block.withUnsafeBufferPointer { bytes -> Int in
        guard let base = bytes.baseAddress else { return -1 }
        return unsafe nghttp2_hd_inflate_hd2(
          inflater, &field, &flags, base + offset, bytes.count - offset, 1)
      }
      guard count >= 0 else { break }
      offset += count
      if UInt32(flags) & NGHTTP2_HD_INFLATE_EMIT.rawValue != 0 {
        let name = unsafe UnsafeBufferPointer(start: field.name, count: field.namelen)
        let value = unsafe UnsafeBufferPointer(start: field.value, count: field.valuelen)
        unsafe result[String(decoding: name, as: UTF8.self)] =
          unsafe String(decoding: value, as: UTF8.self)
      }
      if UInt32(flags) & NGHTTP2_HD_INFLATE_FINAL.rawValue != 0 { break }
    }
    unsafe nghttp2_hd_inflate_end_headers(inflater)
    return result
  }
}
