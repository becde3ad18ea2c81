internal import CNghttp2
internal import NIOCore

/// The client's side of one HTTP/2 connection: requests in, bytes out; bytes in, answers out.
///
/// Wraps libnghttp2, which does framing, header compression, flow control and the checks of
/// RFC 9113. All unsafe code of the client is in this folder. Calls nobody back: what ended waits
/// in ``finished`` until it is taken. Confined to one thread.
@safe final class HTTP2ClientSession {
  let limits: HTTP2ClientLimits
  let stageNames: StageNames
  /// The open streams; the library knows each by its index here.
  var streams: [HTTP2ClientStream]
  private var freeSlots: [Int]
  /// Calls that ended and were not reported yet, in the order of their ends.
  var finished: [FinishedCall] = []
  /// Whether the peer's first SETTINGS came.
  var hasSettings = false
  /// The requests that the peer takes at once.
  var peerStreamsMax = 0
  /// Set once the peer wants no more requests.
  var goAway: HTTP2GoAway?
  /// Whether every number a stream could have was used.
  private(set) var isExhausted = false
  /// What the library says is wrong with the peer, once it is.
  var complaint: String?
  /// Bytes to be written: first ``pieces`` in their order, then these.
  var output = ByteBuffer()
  var pieces: [ByteBuffer] = []
  var pieceBytes = 0
  /// Whether a call of the library is on the stack, inside which it must not be called back.
  private var isInside = false
  private var session: OpaquePointer?

  /// A session that has its preface and settings ready to be written; `nil` when memory is
  /// exhausted.
  init?(limits: HTTP2ClientLimits, stageNames: StageNames) {
    self.limits = limits
    self.stageNames = stageNames
    let count = max(1, limits.streamsMax)
    streams = [HTTP2ClientStream](repeating: HTTP2ClientStream(), count: count)
    freeSlots = Array((0..<count).reversed())
    finished.reserveCapacity(count)
    let me = unsafe Unmanaged.passUnretained(self).toOpaque()
    guard let made = unsafe Self.makeSession(userData: me) else { return nil }
    unsafe session = made
    guard unsafe Self.submitSettings(made, limits) else { return nil }
  }

  deinit {
    if let session = unsafe session { unsafe nghttp2_session_del(session) }
  }

  /// Number of requests that are not complete.
  var openStreams: Int { streams.count - freeSlots.count }
  /// How many more requests the peer and we take.
  var vacancies: Int {
    guard hasSettings, goAway == nil, !isExhausted else { return 0 }
    return max(0, min(streams.count, peerStreamsMax) - openStreams)
  }
  /// Whether ``write()`` would gather bytes, unless the peer's window is closed.
  var wantsWrite: Bool {
    guard let session = unsafe session else { return false }
    return unsafe nghttp2_session_want_write(session) != 0
  }
  /// Whether there is nothing more to read or write: the connection is to be closed.
  var isFinished: Bool {
    guard let session = unsafe session else { return true }
    return unsafe nghttp2_session_want_read(session) == 0
      && nghttp2_session_want_write(session) == 0
  }

  /// Queues a request; `false` if the library takes no more.
  ///
  /// - Parameter body: the whole body; shared until it is written, not copied.
  func submit(_ head: HTTP2RequestHead, body: ByteBuffer, ticket: Int) -> Bool {
    guard let session = unsafe session, let slot = freeSlots.popLast() else { return false }
    streams[slot].ticket = ticket
    streams[slot].body = body
    var provider = unsafe nghttp2_data_provider(
      source: nghttp2_data_source(fd: CInt(slot)), read_callback: HTTP2ClientCallbacks.readBody)
    let id = unsafe head.submit(
      to: session, body: &provider, userData: UnsafeMutableRawPointer(bitPattern: slot + 1))
    // The library counts in odd numbers, and fails once they are spent.
    isExhausted = id < 0 || id >= Int32.max - 2
    guard id > 0 else {
      release(slot)
      return false
    }
    streams[slot].id = id
    return true
  }

  /// Resets the stream of a call that nobody waits for any more, and forgets its end if that came.
  func abandon(ticket: Int) {
    for index in finished.indices where finished[index].ticket == ticket {
      finished[index].isAbandoned = true
    }
    for slot in streams.indices
    where streams[slot].id != 0 && !streams[slot].isSettled && streams[slot].ticket == ticket {
      streams[slot].isSettled = true
      reset(streams[slot].id)
    }
  }

  /// Queues an RST_STREAM; the stream is closed once that is written.
  func reset(_ id: Int32) {
    guard let session = unsafe session else { return }
    _ = unsafe nghttp2_submit_rst_stream(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, HTTP2ErrorName.cancel)
  }

  /// Takes bytes from the peer.
  ///
  /// - Returns: `false` if the connection must be closed; see ``complaint``.
  func receive(_ bytes: ByteBuffer) -> Bool {
    guard let session = unsafe session, !isInside else { return false }
    isInside = true
    defer { isInside = false }
    let taken = unsafe bytes.withUnsafeReadableBytes { raw -> Int in
      guard let base = unsafe raw.bindMemory(to: UInt8.self).baseAddress else { return 0 }
      return unsafe nghttp2_session_mem_recv(session, base, raw.count)
    }
    if taken < 0 { complain(libraryError: taken) }
    let waiting = unsafe nghttp2_session_get_outbound_queue_size(session)
    if waiting > limits.waitingFramesMax {
      complaint = complaint ?? "it causes more frames than it reads"
      return false
    }
    return taken == bytes.readableBytes
  }

  /// Gathers in ``pieces`` and ``output`` what is to be written, at most about
  /// ``HTTP2ClientLimits/writeBytesMax``.
  ///
  /// - Returns: `false` if the session failed and the connection must be closed.
  func write() -> Bool {
    guard let session = unsafe session, !isInside else { return true }
    isInside = true
    defer { isInside = false }
    while gatheredBytes < limits.writeBytesMax {
      var start: UnsafePointer<UInt8>?
      let count = unsafe nghttp2_session_mem_send(session, &start)
      if count < 0 {
        complain(libraryError: count)
        return false
      }
      guard count > 0, let start = unsafe start else { break }
      unsafe output.writeBytes(UnsafeRawBufferPointer(start: start, count: count))
    }
    return true
  }

  /// Bytes that wait in ``pieces`` and ``output``.
  var gatheredBytes: Int { pieceBytes + output.readableBytes }

  /// Forgets what was gathered; unless the channel still holds the bytes, their storage is used
  /// again.
  func clearGathered() {
    if !pieces.isEmpty { pieces.removeAll(keepingCapacity: true) }
    pieceBytes = 0
    output.clear(minimumCapacity: 4096)
  }

  /// Ends the session: every call that has no end yet gets one with `explanation`.
  func invalidate(explanation: String) {
    guard let ended = unsafe session else { return }
    precondition(!isInside, "a session was invalidated while it was reading or writing")
    unsafe session = nil
    for slot in streams.indices where streams[slot].id != 0 {
      settle(slot) { _ in
        Answer(.connection, explanation: ByteBuffer(string: explanation))
      }
      release(slot)
    }
    unsafe nghttp2_session_del(ended)
  }

  /// Notes the end of a call, unless it was noted or given up.
  func settle(_ slot: Int, _ makeAnswer: (inout GRPCAnswerReader) -> Answer) {
    guard !streams[slot].isSettled else { return }
    streams[slot].isSettled = true
    let answer = makeAnswer(&streams[slot].answer)
    finished.append(
      FinishedCall(
        ticket: streams[slot].ticket, answer: answer, message: streams[slot].answer.message))
  }

  /// Makes an entry of the slab free.
  func release(_ slot: Int) {
    streams[slot] = HTTP2ClientStream()
    freeSlots.append(slot)
  }

  private func complain(libraryError code: Int) {
    guard complaint == nil, let text = unsafe nghttp2_strerror(CInt(truncatingIfNeeded: code))
    else { return }
    complaint = unsafe String(cString: text)
  }
}
