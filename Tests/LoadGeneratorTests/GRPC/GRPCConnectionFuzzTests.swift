import LoadGenerator
import NIOCore
import Testing

/// Servers that send rubbish: every call ends once, the connection ends once, with a reason.
struct GRPCConnectionFuzzTests {
  /// Random numbers from a seed, so that a failing walk can be repeated.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// Feeds `bytes` in pieces to a connection with open calls, closes, and checks the accounts.
  private func walk(_ bytes: [UInt8], seed: UInt64, settings: [UInt8]?) throws {
    var random = Seeded(state: seed)
    var limits = HTTP2ClientLimits()
    limits.keptMessageBytesMax = Bool.random(using: &random) ? 100 : 0
    let peer = try GRPCScriptedPeer(limits: limits, settings: settings)
    var sent = 0
    var abandoned = 0
    peer.onAnswer = { _ in
      if peer.vacancies > 0, sent < 20 {
        sent += 1
        peer.send(sent)
      }
    }
    while peer.vacancies > 0 {
      sent += 1
      peer.send(sent)
    }
    peer.flush()
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...64, using: &random)
      peer.receive(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
      if Int.random(in: 0..<40, using: &random) == 0, sent > 0, peer.endReasons.isEmpty {
        let ticket = Int.random(in: 1...sent, using: &random)
        if peer.answer(ticket) == nil, abandoned == 0 {
          abandoned = ticket
          peer.abandon(ticket)
        }
      }
      if peer.vacancies > 0, sent < 20 {
        sent += 1
        peer.send(sent)
      }
      peer.flush()
    }
    peer.disconnect()
    let expected = (1..<(sent + 1)).filter { $0 != abandoned }
    #expect(peer.answers.map(\.ticket).sorted() == expected, "seed \(seed)")
    #expect(peer.endReasons.count == 1, "seed \(seed)")
    #expect(peer.endReasons.first?.map { !$0.isEmpty } == true, "seed \(seed)")
    #expect(!peer.wasCalledInside, "seed \(seed)")
    peer.onAnswer = nil
  }

  @Test(arguments: [0 as UInt64])
  func `random bytes end the connection with a reason`(start: UInt64) throws {
    for seed in start..<(start + 1_000) {
      var random = Seeded(state: seed)
      let bytes = (0..<Int.random(in: 1...400, using: &random)).map { _ in
        UInt8.random(in: .min ... .max, using: &random)
      }
      let settings = Bool.random(using: &random) ? GRPCFrames.settings() : nil
      try walk(bytes, seed: seed, settings: settings)
    }
  }

  @Test(arguments: [100_000 as UInt64])
  func `answers with errors in them end each call once`(start: UInt64) throws {
    var valid = GRPCFrames.settings([(GRPCFrames.concurrentStreamsMax, 3)])
    valid += GRPCFrames.success(stream: 1, Array(repeating: 7, count: 50))
    valid += GRPCFrames.headers(
      stream: 3, GRPCFrames.head + [("grpc-status", "14"), ("grpc-message", "a%20b")],
      endStream: true)
    valid += GRPCFrames.windowUpdate(stream: 0, 1_000) + GRPCFrames.reset(stream: 5, 7)
    valid += GRPCFrames.success(stream: 7)
    valid += GRPCFrames.frame(6, stream: 0, [1, 2, 3, 4, 5, 6, 7, 8])
    valid += GRPCFrames.goAway(last: 9, 0, "x") + GRPCFrames.success(stream: 9)
    for seed in start..<(start + 2_000) {
      var random = Seeded(state: seed)
      var bytes = valid
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
        default: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
      }
      try walk(bytes, seed: seed, settings: GRPCFrames.settings())
    }
  }
}
