import NIOCore
import NIOEmbedded
import NIOHTTP1

/// A request's head as NIOHTTP1's decoder reads it.
struct ReferenceHead {
  var uri: String
  var isKeepAlive: Bool
  var contentLength: Int?

  /// `nil` if the decoder refuses the bytes or waits for more.
  init?(_ bytes: [UInt8]) {
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    do {
      try channel.pipeline.syncOperations.addHandler(
        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
      try channel.writeInbound(ByteBuffer(bytes: bytes))
      guard case .head(let head)? = try channel.readInbound(as: HTTPServerRequestPart.self) else {
        return nil
      }
      uri = head.uri
      isKeepAlive = head.isKeepAlive
      contentLength = head.headers["content-length"].first.flatMap { Int($0.filter { $0 != " " }) }
    } catch {
      return nil
    }
  }
}
