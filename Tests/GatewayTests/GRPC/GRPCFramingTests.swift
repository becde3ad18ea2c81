import Gateway
import NIOCore
import Testing

struct GRPCFramingTests {
  private func assemble(
    _ bytes: [UInt8], chunk: Int, max: Int = 1 << 20
  ) -> (messages: [[UInt8]], status: GRPCStatus?) {
    var assembler = MessageAssembler(messageBytesMax: max)
    var messages: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(chunk))
      rest = rest.dropFirst(chunk)
      let buffer = ByteBuffer(bytes: part)
      assembler.append(buffer.readableBytesSpan)
      reading: while true {
        switch assembler.next() {
        case .incomplete: break reading
        case .invalid(let status): return (messages, status)
        case .message(let message): messages.append([UInt8](buffer: message.bytes))
        }
      }
    }
    return (messages, nil)
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func `messages are the same however their bytes arrive`(chunk: Int) {
    let wanted: [[UInt8]] = [[], [1], Array(repeating: 7, count: 300), [2, 3]]
    var bytes: [UInt8] = []
    for message in wanted {
      let count = message.count
      bytes += [0, 0, 0, UInt8(count / 256), UInt8(count % 256)] + message
    }
    let (messages, status) = assemble(bytes, chunk: chunk)
    #expect(messages == wanted)
    #expect(status == nil)
  }

  @Test func `messages that overlap chunks do not make the storage grow`() {
    var assembler = MessageAssembler(messageBytesMax: 1_000)
    let one: [UInt8] = [0, 0, 0, 0, 95] + Array(repeating: 7, count: 95)
    let stream = (0..<3_000).flatMap { _ in one }
    var kept: [ByteBuffer] = []
    var start = 0
    while start < stream.count {
      let part = Array(stream[start..<min(start + 130, stream.count)])
      start += part.count
      let buffer = ByteBuffer(bytes: part)
      assembler.append(buffer.readableBytesSpan)
      while case .message(let message) = assembler.next() { kept.append(message.bytes) }
      #expect(assembler.storageBytes <= 4_096)
    }
    #expect(kept.count == 3_000)
    #expect(kept.allSatisfy { [UInt8](buffer: $0) == Array(repeating: 7, count: 95) })
  }

  @Test func `a message over the limit is refused from its prefix alone`() {
    let (_, status) = assemble([0, 0xFF, 0xFF, 0xFF, 0xFF], chunk: 5)
    #expect(status?.code == .resourceExhausted)
  }

  @Test func `a compressed flag other than 0 and 1 is refused`() {
    #expect(assemble([2, 0, 0, 0, 0], chunk: 5).status?.code == .internal)
  }

  @Test func `a timeout is digits and a unit`() {
    let cases: [(String, Int64?)] = [
      ("1S", 1_000_000_000), ("15m", 15_000_000), ("20u", 20_000), ("99999999n", 99_999_999),
      ("1M", 60_000_000_000), ("2H", 7_200_000_000_000), ("99999999H", .max), ("0n", 0),
      ("", nil), ("S", nil), ("1", nil), ("123456789n", nil), ("-1S", nil), ("1s", nil),
      ("1 S", nil), ("1.5S", nil),
    ]
    for (text, nanoseconds) in cases {
      let bytes = Array(text.utf8)
      #expect(GRPCTimeout.nanoseconds(bytes.span) == nanoseconds, "\(text)")
    }
  }

  @Test func `a long status text is cut between characters`() {
    let encoded = GRPCStatus.encode(message: String(repeating: "ü", count: 5_000))
    #expect(encoded.count <= GRPCStatus.messageBytesMax && encoded.count > 4_000)
    #expect(String(decoding: encoded.suffix(6), as: UTF8.self) == "%C3%BC")
  }

  @Test func `a status text is printable ASCII on the wire`() {
    let encoded = GRPCStatus.encode(message: "a%b\nü ")
    #expect(String(decoding: encoded, as: UTF8.self) == "a%25b%0A%C3%BC ")
    let long = GRPCStatus.encode(message: String(repeating: "x", count: 100_000))
    #expect(long.count == GRPCStatus.messageBytesMax)
  }

  @Test func `each path finds its method and nothing else does`() {
    for method in GRPCMethod.allCases {
      let path = Array("\(method.path)".utf8)
      #expect(GRPCMethod(path: path.span) == method)
      #expect(GRPCMethod(path: Array(path.dropLast()).span) == nil)
    }
  }
}
