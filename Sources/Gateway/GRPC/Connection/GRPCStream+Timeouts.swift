internal import Timing

/// What a client may not keep waiting for ever.
extension GRPCStream {
  /// Ends the call if its time is over, or if its client stopped sending or reading.
  func checkTimeouts(now: MonotonicInstant) {
    let limits = loop.limits
    if isFinished {
      // The answer is complete, but the client keeps the stream open.
      if !hasEnded, outboundBytes == 0, now.since(lastReceivedAt) > limits.bodyNanosecondsMax {
        abandon(.noError)
      }
    } else if inference == nil, head.deadline <= now {
      finish(GRPCStatus(.deadlineExceeded, "the call's 'grpc-timeout' is over"))
    } else if awaitsClient, now.since(lastReceivedAt) > limits.bodyNanosecondsMax {
      finish(
        GRPCStatus(
          .deadlineExceeded,
          "nothing of the request came for \(limits.bodyNanosecondsMax / 1_000_000) ms; send it "
            + "without pauses"))
    }
    checkReading(now: now)
  }

  /// Whether the client has begun something that it must complete.
  private var awaitsClient: Bool {
    guard !hasEnded, let method = head.method, method.isClientStreaming else {
      return !hasEnded && head.method != .healthWatch
    }
    return assembler.bufferedBytes > 0 && heldWindow == 0
  }

  private func checkReading(now: MonotonicInstant) {
    if outboundBytes == 0 || outboundBytes != waitingAnswer.bytes {
      waitingAnswer = (outboundBytes, now)
    } else if now.since(waitingAnswer.since) > loop.limits.stallNanosecondsMax {
      abandon(.cancel)
    }
  }

  private func abandon(_ code: HTTP2ErrorCode) {
    reset(code)
    connection.scheduleWrite()
  }
}
