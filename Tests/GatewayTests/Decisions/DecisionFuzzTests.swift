import Foundation
import Gateway
import Testing

/// Bodies that are nearly right, and some that are not at all.
@Suite struct DecisionFuzzTests {
  private static let bodies = [
    ("/v1/decisions/payments", #"{"id":"a","card":"c","amount":12.5}"#),
    ("/v1/decisions/payments", #"[{"card":"c","amount":0.5},{"card":"d","amount":900}]"#),
    (
      "/v1/events/payments",
      #"{"id":"e","time":"2026-05-01T12:00:00Z","card":"c","amount":1e2}"#
    ),
    ("/v1/events/payments", #"[{"id":7,"time":"2026-05-01T12:00:00Z","card":"c","amount":1}]"#),
    ("/v1/attributes/profile", #"{"card":"c","time":"2026-05-01T12:00:00Z","limit":null}"#),
    ("/v1/features/payment", #"{"card":"c","amount":3,"time":"2026-05-01T12:00:00Z"}"#),
  ]
  private static let snippets = [
    "NaN", "1e999", "-", "{", "}", "[", "]", "\"", "\\u0000", "\\ud800", "null", "true", ",",
    ":", "\u{7F}", "\u{e9}", "\n", "0x1", "1e-400", "18446744073709551616", "amount",
    "\"card\":\"c\",",
  ]

  private static func changed(
    _ text: String, _ random: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.removeSubrange(place..<min(bytes.count, place + 3))
      case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      case 2:
        let snippet = snippets.randomElement(using: &random) ?? ""
        bytes.insert(contentsOf: Array(snippet.utf8), at: place)
      default: bytes = Array(bytes.prefix(place))
      }
    }
    return bytes
  }

  @Test(arguments: [UInt64(11), 12])
  func `every body is answered, and with a reason if it is refused`(_ seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    try await DecisionTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        for _ in 0..<700 {
          let (path, body) = Self.bodies.randomElement(using: &random) ?? ("/", "")
          let bytes = Self.changed(body, &random)
          let type = Bool.random(using: &random) ? "x-ndjson" : "json"
          try await client.send(
            Array(
              ("POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/\(type)\r\n"
                + "Content-Length: \(bytes.count)\r\n\r\n").utf8) + bytes)
          let answer = try await client.answer()
          let shown = String(decoding: bytes, as: UTF8.self)
          #expect([200, 400, 422].contains(answer.status), "seed \(seed): \(shown)")
          if answer.status == 200 {
            let lines = answer.body.split(separator: 0x0A)
            let areJSON = lines.allSatisfy {
              (try? JSONSerialization.jsonObject(with: Data($0))) != nil
            }
            #expect(areJSON, "seed \(seed): \(shown)")
          } else {
            #expect(!answer.error.isEmpty, "seed \(seed): \(shown): \(answer.text)")
          }
        }
      }
    }
  }
}
