internal import NIOCore

/// Reads one unary answer as it arrives: fields, message, trailers.
///
/// Messages are counted and dropped unless they are to be kept. Holds at most 1 KiB of text, and
/// of a message no more than the bound that it is given.
struct GRPCAnswerReader {
  /// What `grpc-status` said.
  enum Status: Equatable {
    case missing
    case unreadable
    case code(Int)
  }

  /// Bytes in front of each message: a flag and the length.
  static let prefixBytes = 5

  /// 0 before there is one.
  private(set) var httpStatus = 0
  private(set) var isGRPC = false
  private(set) var status = Status.missing
  /// A `grpc-message`, or the beginning of a body that is no gRPC.
  private(set) var text = ByteBuffer()
  private(set) var stages = ServerStages()
  /// Bytes on the wire, frame headers included.
  var byteCount = 0
  /// Fields so far, as HTTP/2 counts them.
  private(set) var headerBytes = 0
  /// The kept message.
  private(set) var message = ByteBuffer()
  /// Messages that are complete.
  private(set) var messageCount = 0
  /// Whether a message came compressed, which we never ask for.
  private(set) var isCompressed = false
  /// Whether a message is longer than the bound, where messages are kept.
  private(set) var isOverBound = false
  /// Bytes of the next prefix that came, and the length they spell.
  private var prefixCount = 0
  private var length = 0
  /// Bytes that the current message lacks.
  private(set) var lacking = 0

  /// Whether a message, or the prefix of one, has begun and not ended.
  var isCut: Bool { prefixCount > 0 || lacking > 0 }

  /// Takes one field of the head or the trailers.
  mutating func receive(header name: Span<UInt8>, value: Span<UInt8>, stageNames: StageNames) {
    headerBytes += name.count + value.count + 32
    switch name.count {
    case 7 where Self.starts(name, with: Names.httpStatus):
      httpStatus = Self.number(value, digitsMax: 3) ?? 0
    case 11 where Self.starts(name, with: Names.status):
      status = Self.number(value, digitsMax: 9).map { .code($0) } ?? .unreadable
    case 12 where Self.starts(name, with: Names.contentType):
      isGRPC = Self.starts(value, with: Names.mediaType)
    case 12 where Self.starts(name, with: Names.message):
      text.clear()
      GRPCExplanation.append(percentEncoded: value, to: &text)
    case 13 where Self.starts(name, with: Names.serverTiming):
      ServerTimingReader.read(value, into: &stages, names: stageNames)
    default: break
    }
  }

  /// Takes a part of the body. At most `keptMax` bytes of messages are kept.
  mutating func receive(data: Span<UInt8>, keptMax: Int) {
    guard isGRPC, httpStatus == 200 else { return GRPCExplanation.append(data, to: &text) }
    var index = 0
    while index < data.count {
      if lacking > 0 {
        let count = min(lacking, data.count - index)
        let kept = min(count, keptMax - message.readableBytes)
        if kept > 0 {
          // Marked unsafe for types with padding, which bytes have not.
          let bytes = unsafe data.extracting(index..<(index + kept)).bytes
          message.writeBytes(bytes)
        }
        lacking -= count
        index += count
        if lacking == 0 { messageCount += 1 }
      } else {
        readPrefix(data[index], keptMax: keptMax)
        index += 1
      }
    }
  }

  private mutating func readPrefix(_ byte: UInt8, keptMax: Int) {
    if prefixCount == 0 {
      if byte != 0 { isCompressed = true }
    } else {
      length = length << 8 | Int(byte)
    }
    prefixCount += 1
    guard prefixCount == Self.prefixBytes else { return }
    lacking = length
    if keptMax > 0, length > keptMax - message.readableBytes { isOverBound = true }
    prefixCount = 0
    length = 0
    if lacking == 0 { messageCount += 1 }
  }

  private enum Names {
    static let httpStatus = Array(":status".utf8)
    static let status = Array("grpc-status".utf8)
    static let contentType = Array("content-type".utf8)
    static let message = Array("grpc-message".utf8)
    static let serverTiming = Array("server-timing".utf8)
    static let mediaType = Array("application/grpc".utf8)
  }

  /// Whether `text` begins with `wanted`.
  private static func starts(_ text: Span<UInt8>, with wanted: [UInt8]) -> Bool {
    guard text.count >= wanted.count else { return false }
    for index in wanted.indices where text[index] != wanted[index] { return false }
    return true
  }

  private static func number(_ text: Span<UInt8>, digitsMax: Int) -> Int? {
    guard text.count > 0, text.count <= digitsMax else { return nil }
    var value = 0
    for index in text.indices {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }
}
