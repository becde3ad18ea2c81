internal import CNghttp2
package import NIOCore

/// Makes the stream objects of a session.
package protocol HTTP2SessionOwner: AnyObject {
  /// A stream for a new request; `nil` refuses it. Called while the session reads.
  func makeStream(id: Int32) -> HTTP2Stream?
}

/// The bytes that the sessions of one thread are about to write: one buffer for all of them.
package final class HTTP2Output {
  package var buffer = ByteBuffer()

  package init() {}
}

/// The server's side of one HTTP/2 connection: bytes in, calls on streams, bytes out.
///
/// Wraps libnghttp2, which does framing, header compression, flow control and the checks of
/// RFC 9113. All unsafe code of HTTP/2 is here and in `HTTP2Session+Callbacks.swift`. Confined to
/// one thread.
@safe package final class HTTP2Session {
  let settings: HTTP2Settings
  let output: HTTP2Output
  private(set) weak var owner: (any HTTP2SessionOwner)?
  /// The open streams. The library holds unretained pointers to them; this keeps them alive.
  var streams: [Int32: HTTP2Stream] = [:]
  /// Whether a call of the library is on the stack, inside which it must not be called back.
  private var isInside = false
  /// Whether the last frame that began is a header block that goes on in the next frame.
  var isInHeaderBlock = false {
    didSet { if !isInHeaderBlock { headerBlockBytes = 0 } }
  }
  /// Bytes read since the open header block began, at least.
  private var headerBlockBytes = 0
  private var session: OpaquePointer?
  private var fieldBytes: [UInt8] = []

  /// A session that has its settings ready to be written.
  package init(
    settings: HTTP2Settings, output: HTTP2Output, owner: any HTTP2SessionOwner
  ) throws(HTTP2SessionError) {
    self.settings = settings
    self.output = output
    self.owner = owner
    let me = unsafe Unmanaged.passUnretained(self).toOpaque()
    guard let made = unsafe Self.makeSession(settings, userData: me) else {
      throw HTTP2SessionError(description: "no memory for an HTTP/2 session")
    }
    unsafe session = made
    guard unsafe Self.submitSettings(made, settings) else {
      throw HTTP2SessionError(description: "no memory for the settings of an HTTP/2 session")
    }
  }

  deinit {
    if let session = unsafe session { unsafe nghttp2_session_del(session) }
  }

  /// Number of requests that are not complete.
  package var openStreams: Int { streams.count }
  /// Whether there is nothing more to read or write: the connection is to be closed.
  package var isFinished: Bool {
    guard let session = unsafe session else { return true }
    return unsafe nghttp2_session_want_read(session) == 0
      && nghttp2_session_want_write(session) == 0
  }

  /// Takes bytes from the peer and calls the streams they concern.
  ///
  /// - Returns: `false` if the peer broke the protocol so that the connection must be closed once
  ///   what is left to write (the reason) is written.
  package func receive(_ bytes: ByteBuffer) -> Bool {
    guard let session = unsafe session, !isInside else { return false }
    isInside = true
    defer { isInside = false }
    let taken = unsafe bytes.withUnsafeReadableBytes { raw -> Int in
      guard let base = unsafe raw.bindMemory(to: UInt8.self).baseAddress else { return 0 }
      return unsafe nghttp2_session_mem_recv(session, base, raw.count)
    }
    if isInHeaderBlock { headerBlockBytes += bytes.readableBytes }
    let waiting = unsafe nghttp2_session_get_outbound_queue_size(session)
    return taken == bytes.readableBytes && headerBlockBytes <= settings.headerBlockBytesMax
      && waiting <= settings.waitingFramesMax
  }

  /// Appends to ``output`` what is to be written, at most about ``HTTP2Settings/writeBytesMax``.
  ///
  /// - Returns: `false` if the session failed and the connection must be closed.
  package func write() -> Bool {
    guard let session = unsafe session, !isInside else { return true }
    isInside = true
    defer { isInside = false }
    while output.buffer.readableBytes < settings.writeBytesMax {
      var start: UnsafePointer<UInt8>?
      let count = unsafe nghttp2_session_mem_send(session, &start)
      if count < 0 { return false }
      guard count > 0, let start = unsafe start else { break }
      unsafe output.buffer.writeBytes(UnsafeRawBufferPointer(start: start, count: count))
    }
    return true
  }

  /// Whether ``write()`` would produce bytes, unless the peer's window is closed.
  package var wantsWrite: Bool {
    guard let session = unsafe session else { return false }
    return unsafe nghttp2_session_want_write(session) != 0
  }

  /// Closes all streams; the session is of no use afterwards. Not to be called by a stream.
  package func invalidate() {
    guard let ended = unsafe session else { return }
    precondition(!isInside, "a session was invalidated while it was reading or writing")
    unsafe session = nil
    let open = streams
    streams.removeAll()
    for stream in open.values {
      stream.session = nil
      stream.close(errorCode: HTTP2ErrorCode.cancel.rawValue)
    }
    unsafe nghttp2_session_del(ended)
  }

  /// Tells the peer to open no more streams here; those on their way are still served.
  package func announceShutdown() {
    guard let session = unsafe session else { return }
    _ = unsafe nghttp2_submit_shutdown_notice(session)
  }

  /// Refuses streams opened from now on; the connection is finished when the open ones are.
  package func refuseNewStreams() {
    guard let session = unsafe session else { return }
    let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
    _ = unsafe nghttp2_submit_goaway(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, HTTP2ErrorCode.noError.rawValue, nil, 0)
  }

  /// Ends the connection: a GOAWAY with `code`, then ``isFinished``.
  package func terminate(_ code: HTTP2ErrorCode) {
    guard let session = unsafe session else { return }
    _ = unsafe nghttp2_session_terminate_session(session, code.rawValue)
  }

  func resumeBody(_ stream: HTTP2Stream) {
    guard let session = unsafe session else { return }
    _ = unsafe nghttp2_session_resume_data(session, stream.id)
  }

  func submitReset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
    guard let session = unsafe session else { return }
    _ = unsafe nghttp2_submit_rst_stream(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, code.rawValue)
  }

  func consume(_ stream: HTTP2Stream, _ count: Int) {
    guard let session = unsafe session else { return }
    _ = unsafe nghttp2_session_consume(session, stream.id, count)
  }

  func consumeConnection(_ count: Int) {
    guard let session = unsafe session else { return }
    _ = unsafe nghttp2_session_consume_connection(session, count)
  }

  func consumeStream(_ stream: HTTP2Stream, _ count: Int) {
    guard let session = unsafe session else { return }
    _ = unsafe nghttp2_session_consume_stream(session, stream.id, count)
  }

  func submitResponse(_ stream: HTTP2Stream, _ head: [HTTP2Field]) {
    guard let session = unsafe session else { return }
    let id = stream.id
    let source = unsafe Unmanaged.passUnretained(stream).toOpaque()
    var provider = unsafe nghttp2_data_provider(
      source: nghttp2_data_source(ptr: source), read_callback: HTTP2Callbacks.readBody)
    unsafe withFields(head) { fields, count in
      _ = unsafe nghttp2_submit_response(session, id, fields, count, &provider)
    }
  }

  func submitHeadersOnly(_ stream: HTTP2Stream, _ head: [HTTP2Field]) {
    guard let session = unsafe session else { return }
    let id = stream.id
    unsafe withFields(head) { fields, count in
      _ = unsafe nghttp2_submit_response(session, id, fields, count, nil)
    }
  }

  func submitTrailers(_ stream: HTTP2Stream) -> Bool {
    guard let session = unsafe session else { return false }
    let id = stream.id
    var result: CInt = 0
    unsafe withFields(stream.trailers) { fields, count in
      result = unsafe nghttp2_submit_trailer(session, id, fields, count)
    }
    return result == 0
  }

  /// Calls `body` with the fields in the library's form; values made for this response lie in
  /// one buffer for the call, and the library copies them.
  private func withFields(
    _ list: [HTTP2Field], _ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Void
  ) {
    fieldBytes.removeAll(keepingCapacity: true)
    for field in list {
      if case .made(let value) = field.value { fieldBytes.append(contentsOf: value) }
    }
    unsafe fieldBytes.withUnsafeMutableBufferPointer { bytes in
      let base = bytes.baseAddress
      unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: list.count) { fields in
        var offset = 0
        for (index, field) in list.enumerated() {
          let name = unsafe UnsafeMutablePointer(mutating: field.name.utf8Start)
          var made = unsafe nghttp2_nv(
            name: name, value: nil, namelen: field.name.utf8CodeUnitCount, valuelen: 0,
            flags: UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue))
          switch field.value {
          case .fixed(let value):
            unsafe made.value = UnsafeMutablePointer(mutating: value.utf8Start)
            unsafe made.valuelen = value.utf8CodeUnitCount
            unsafe made.flags |= UInt8(NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
          case .made(let value):
            unsafe made.value = base?.advanced(by: offset)
            unsafe made.valuelen = value.count
            unsafe made.flags |= UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue)
            offset += value.count
          }
          unsafe fields.initializeElement(at: index, to: made)
        }
        unsafe body(fields.baseAddress, list.count)
      }
    }
  }
}
