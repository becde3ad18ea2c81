internal import NIOCore

extension GRPCAnswerReader {
  /// What the whole answer means: `END_STREAM` came, or the rest of it is not wanted.
  func finish() -> Answer {
    if case .code(let code) = status, code != GRPCStatusCode.ok {
      return answer(
        GRPCStatusCode.outcome(code), code,
        text.readableBytes > 0 ? text : ByteBuffer(string: GRPCStatusCode.name(code)))
    }
    // A proxy that answers by itself knows no gRPC: its status counts, and its body explains.
    if httpStatus != 200 {
      return answer(
        GRPCStatusCode.outcome(http: httpStatus), httpStatus, explained("HTTP \(httpStatus)"))
    }
    if !isGRPC {
      return answer(
        .failed, GRPCStatusCode.unknown,
        explained("the answer is no gRPC: its content-type is not application/grpc"))
    }
    if let flaw {
      return answer(.failed, GRPCStatusCode.internal, ByteBuffer(string: flaw))
    }
    return answer(.ok, GRPCStatusCode.ok, ByteBuffer())
  }

  /// What it means that the stream was closed before the answer was complete.
  ///
  /// - Parameter byPeer: whether the peer reset it; else we did, because the answer breaks HTTP/2.
  func end(errorCode: UInt32, byPeer: Bool) -> Answer {
    let name = HTTP2ErrorName.name(errorCode)
    guard byPeer else {
      return answer(
        .failed, GRPCStatusCode.internal,
        ByteBuffer(string: "the answer breaks HTTP/2 or its bounds (\(name))"))
    }
    let code = GRPCStatusCode.code(http2Error: errorCode)
    return answer(
      GRPCStatusCode.outcome(code), code,
      ByteBuffer(string: "the server reset the stream (\(name))"))
  }

  /// Why an answer that claims success is none.
  private var flaw: String? {
    if isOverBound { return "the answer's message is longer than this call takes" }
    switch status {
    case .missing: return "the answer has no grpc-status"
    case .unreadable: return "the answer's grpc-status is not a number"
    case .code: break
    }
    if isCompressed { return "the answer is compressed, which was not asked for" }
    if isCut { return "the answer's message is cut: \(lacking) bytes are missing" }
    if messageCount == 0 { return "the answer says OK and has no message" }
    if messageCount > 1 { return "the answer has \(messageCount) messages instead of one" }
    return nil
  }

  private func explained(_ what: String) -> ByteBuffer {
    guard text.readableBytes > 0 else { return ByteBuffer(string: what) }
    var buffer = ByteBuffer(string: what + ": ")
    buffer.writeImmutableBuffer(text)
    return buffer
  }

  private func answer(_ outcome: Outcome, _ status: Int, _ explanation: ByteBuffer) -> Answer {
    Answer(
      outcome, status: status, stages: stages, byteCount: byteCount, explanation: explanation)
  }
}
