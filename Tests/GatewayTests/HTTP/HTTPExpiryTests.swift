import NIOCore
import NIOEmbedded
import Testing
import Timing

@testable import Gateway

/// How long a connection stays after an answer.
@Suite struct HTTPExpiryTests {
  @Test(arguments: [true, false])
  func `time counts from the answer, however long it took`(_ isRead: Bool) async throws {
    try await HTTPTestServer.with { server in
      try await TestConnection.with { connection in
        connection.channel.isWritable = isRead
        let limits = server.context.limits
        let begin = MonotonicInstant.now()
        let end = try await connection.answering(server.context) { handler in
          handler.lastReadAt = begin.advanced(byNanoseconds: -3_600_000_000_000)
          handler.answer(ControlAnswer(status: 200, error: ""))
          return handler.expiresAt
        }
        let time = isRead ? limits.idleNanosecondsMax : limits.bodyNanosecondsMax
        #expect(end >= begin.advanced(byNanoseconds: time).nanoseconds)
      }
    }
  }
}
