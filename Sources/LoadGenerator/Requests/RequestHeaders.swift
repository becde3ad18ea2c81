/// Header fields that the operator adds to requests.
package enum RequestHeaders {
  /// Bytes of one field at most.
  private static let bytesMax = 16_384

  /// Fields that say where a request ends or what form it has, which is ours to say.
  private static let reserved: Set<String> = [
    "content-length", "transfer-encoding", "connection", "inference-header-content-length",
    "content-encoding", "upgrade", "te", "trailer", "expect", "grpc-timeout", "grpc-encoding",
  ]

  /// Reads `Name: value`.
  ///
  /// - Throws: ``BenchInputError`` for text that is no header field.
  package static func parse(
    _ text: String
  ) throws(BenchInputError) -> (name: String, value: String) {
    guard let colon = text.firstIndex(of: ":") else {
      throw BenchInputError("header '\(ServerText.clip(text))': write 'Name: value'")
    }
    var value = text[text.index(after: colon)...]
    while let first = value.first, first == " " || first == "\t" { value.removeFirst() }
    while let last = value.last, last == " " || last == "\t" { value.removeLast() }
    let field = (name: String(text[..<colon]), value: String(value))
    try check([field])
    return field
  }

  /// Checks that the fields may stand in a request.
  static func check(_ headers: [(name: String, value: String)]) throws(BenchInputError) {
    for header in headers {
      let shown = ServerText.clip(header.name)
      guard !header.name.isEmpty, header.name.utf8.allSatisfy(isToken) else {
        throw BenchInputError(
          "header '\(shown)': a name has letters, digits and !#$%&'*+-.^_`|~ only")
      }
      guard !reserved.contains(header.name.lowercased()) else {
        throw BenchInputError("header '\(shown)' is written by the load generator; leave it out")
      }
      guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
        throw BenchInputError("header '\(shown)': its value holds a control character")
      }
      guard header.name.utf8.count + header.value.utf8.count <= bytesMax else {
        throw BenchInputError("header '\(shown)' has more than \(bytesMax) bytes")
      }
    }
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
