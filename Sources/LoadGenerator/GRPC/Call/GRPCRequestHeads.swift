/// The header blocks of one connection's requests: each built once, found again by what it says.
struct GRPCRequestHeads {
  /// Heads that are kept; further ones are built for each request.
  private static let countMax = 64

  private struct Entry {
    var path: String
    var timeoutMicroseconds: Int64
    var metadata: [(name: String, value: String)]
    var head: HTTP2RequestHead
  }

  private let scheme: String
  private let authority: String
  private var entries: [Entry] = []
  /// Where the last request's head was found: mostly the next one's too.
  private var last = 0

  /// - Parameter authority: what goes into `:authority`.
  init(isEncrypted: Bool, authority: String) {
    scheme = isEncrypted ? "https" : "http"
    self.authority = authority
  }

  /// The head for a request; valid as long as this list.
  mutating func head(for request: GRPCRequestBytes) -> HTTP2RequestHead {
    if last < entries.count, Self.matches(entries[last], request) { return entries[last].head }
    if let known = entries.firstIndex(where: { Self.matches($0, request) }) {
      last = known
      return entries[known].head
    }
    let isKept = entries.count < Self.countMax
    let made = HTTP2RequestHead(fields(request), isLasting: isKept)
    if isKept {
      last = entries.count
      entries.append(
        Entry(
          path: request.path, timeoutMicroseconds: request.timeoutMicroseconds,
          metadata: request.metadata, head: made))
    }
    return made
  }

  private static func matches(_ entry: Entry, _ request: GRPCRequestBytes) -> Bool {
    guard entry.timeoutMicroseconds == request.timeoutMicroseconds, entry.path == request.path,
      entry.metadata.count == request.metadata.count
    else { return false }
    for index in entry.metadata.indices where entry.metadata[index] != request.metadata[index] {
      return false
    }
    return true
  }

  private func fields(_ request: GRPCRequestBytes) -> [(name: String, value: String)] {
    var fields = [
      (name: ":method", value: "POST"), (name: ":scheme", value: scheme),
      (name: ":path", value: request.path), (name: ":authority", value: authority),
      (name: "content-type", value: "application/grpc"), (name: "te", value: "trailers"),
      (name: "grpc-accept-encoding", value: "identity"),
      (name: "user-agent", value: "needletail-bench"),
    ]
    if request.timeoutMicroseconds > 0 {
      fields.append(
        (name: "grpc-timeout", value: Self.timeout(microseconds: request.timeoutMicroseconds)))
    }
    return fields + request.metadata
  }

  /// The text of `grpc-timeout`: at most eight digits and a unit; rounded up where it must be.
  static func timeout(microseconds: Int64) -> String {
    let digitsMax: Int64 = 99_999_999
    if microseconds <= digitsMax { return "\(microseconds)u" }
    let milliseconds = (microseconds - 1) / 1_000 + 1
    if milliseconds <= digitsMax { return "\(milliseconds)m" }
    return "\(min(digitsMax, (milliseconds - 1) / 1_000 + 1))S"
  }
}
