internal import CNghttp2
internal import NIOCore

/// The functions that the library calls; each finds its session in the pointer it is given, and
/// its stream by the number that lies in the stream's pointer: the index in the slab plus 1.
enum HTTP2ClientCallbacks {
  /// The request's next body bytes: how many there are, not the bytes themselves.
  static let readBody: nghttp2_data_source_read_callback = {
    _, _, _, length, flags, source, userData in
    guard let session = unsafe find(userData), let source = unsafe source,
      let flags = unsafe flags
    else { return ssize_t(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
    let available = session.streams[Int(unsafe source.pointee.fd)].body.readableBytes
    let count = min(length, available)
    if count > 0 { unsafe flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue }
    if count == available { unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
    return count
  }

  /// Writes a DATA frame: the library's frame header, then the body's own bytes.
  static let sendBody: nghttp2_send_data_callback = {
    _, _, frameHeader, length, source, userData in
    guard let session = unsafe find(userData), let source = unsafe source,
      let frameHeader = unsafe frameHeader
    else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
    guard session.gatheredBytes < session.limits.writeBytesMax else {
      return NGHTTP2_ERR_WOULDBLOCK.rawValue
    }
    unsafe session.output.writeBytes(UnsafeRawBufferPointer(start: frameHeader, count: 9))
    let slot = Int(unsafe source.pointee.fd)
    return session.gather(slot, length) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
  }

  /// The longest DATA frame that we send.
  static let frameLength: nghttp2_data_source_read_length_callback = {
    _, _, _, connectionWindow, streamWindow, frameMax, userData in
    guard let session = unsafe find(userData) else {
      return ssize_t(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    let window = min(Int(connectionWindow), Int(streamWindow))
    return max(1, min(window, Int(frameMax), session.limits.frameBytesMax))
  }

  static let header: nghttp2_on_header_callback = {
    library, frame, name, nameCount, value, valueCount, _, userData in
    guard let session = unsafe find(userData), let frame = unsafe frame,
      let name = unsafe name, let value = unsafe value
    else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
    guard let slot = unsafe findSlot(library, frame.pointee.hd.stream_id) else { return 0 }
    let nameSpan = unsafe Span(_unsafeStart: name, count: nameCount)
    let valueSpan = unsafe Span(_unsafeStart: value, count: valueCount)
    session.streams[slot].answer.receive(
      header: nameSpan, value: valueSpan, stageNames: session.stageNames)
    return session.streams[slot].answer.headerBytes <= session.limits.headerListBytesMax
      ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
  }

  static let dataChunk: nghttp2_on_data_chunk_recv_callback = {
    library, _, id, bytes, count, userData in
    guard let session = unsafe find(userData), let bytes = unsafe bytes else {
      return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }
    guard let slot = unsafe findSlot(library, id) else { return 0 }
    session.streams[slot].answer.receive(
      data: unsafe Span(_unsafeStart: bytes, count: count),
      keptMax: session.limits.keptMessageBytesMax)
    if session.streams[slot].answer.isOverBound, !session.streams[slot].isSettled {
      session.settle(slot) { $0.finish() }
      session.reset(id)
    }
    return 0
  }

  static let frame: nghttp2_on_frame_recv_callback = { library, frame, userData in
    guard let session = unsafe find(userData), let frame = unsafe frame else {
      return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }
    let type = unsafe UInt32(frame.pointee.hd.type)
    if type == NGHTTP2_SETTINGS.rawValue {
      unsafe receiveSettings(session, library, frame)
    } else if type == NGHTTP2_GOAWAY.rawValue {
      unsafe session.goAway = goAway(frame)
    } else if let slot = unsafe findSlot(library, frame.pointee.hd.stream_id) {
      let length = unsafe frame.pointee.hd.length
      session.streams[slot].answer.byteCount += 9 + length
      if type == NGHTTP2_RST_STREAM.rawValue { session.streams[slot].wasReset = true }
      let flags = unsafe UInt32(frame.pointee.hd.flags)
      let isEnd = flags & NGHTTP2_FLAG_END_STREAM.rawValue != 0
      if isEnd, type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_DATA.rawValue {
        session.settle(slot) { $0.finish() }
        let id = session.streams[slot].id
        // The answer came before the whole request left: nobody wants the rest.
        if unsafe nghttp2_session_get_stream_local_close(library, id) == 0 { session.reset(id) }
      }
    }
    return 0
  }

  /// Notes why the library gives the peer up: it tells the peer.
  static let frameSent: nghttp2_on_frame_send_callback = { _, frame, userData in
    guard let frame = unsafe frame else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
    guard unsafe UInt32(frame.pointee.hd.type) == NGHTTP2_GOAWAY.rawValue,
      let session = unsafe find(userData)
    else { return 0 }
    let sent = unsafe goAway(frame)
    if sent.code != HTTP2ErrorName.noError {
      let name = HTTP2ErrorName.name(sent.code)
      session.complaint = sent.text.isEmpty ? name : "\(name): \(sent.text)"
    }
    return 0
  }

  static let streamClose: nghttp2_on_stream_close_callback = { library, id, code, userData in
    guard let session = unsafe find(userData), let slot = unsafe findSlot(library, id) else {
      return 0
    }
    let goAway = session.goAway
    let wasReset = session.streams[slot].wasReset
    session.settle(slot) { answer in
      if let goAway, !wasReset {
        return Answer(
          .connection,
          explanation: ByteBuffer(string: goAway.description + " without this request"))
      }
      return answer.end(errorCode: code, byPeer: wasReset)
    }
    session.release(slot)
    return 0
  }

  private static func receiveSettings(
    _ session: HTTP2ClientSession, _ library: OpaquePointer?,
    _ frame: UnsafePointer<nghttp2_frame>
  ) {
    guard unsafe UInt32(frame.pointee.hd.flags) & NGHTTP2_FLAG_ACK.rawValue == 0 else { return }
    session.hasSettings = true
    session.peerStreamsMax = unsafe Int(
      nghttp2_session_get_remote_settings(library, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  private static func goAway(_ frame: UnsafePointer<nghttp2_frame>) -> HTTP2GoAway {
    var text = ByteBuffer()
    if let words = unsafe frame.pointee.goaway.opaque_data {
      let count = unsafe min(frame.pointee.goaway.opaque_data_len, 256)
      GRPCExplanation.append(unsafe Span(_unsafeStart: words, count: count), to: &text)
    }
    return unsafe HTTP2GoAway(
      lastStreamID: frame.pointee.goaway.last_stream_id, code: frame.pointee.goaway.error_code,
      text: String(buffer: text))
  }

  private static func find(_ userData: UnsafeMutableRawPointer?) -> HTTP2ClientSession? {
    guard let userData = unsafe userData else { return nil }
    return unsafe Unmanaged<HTTP2ClientSession>.fromOpaque(userData).takeUnretainedValue()
  }

  private static func findSlot(_ library: OpaquePointer?, _ id: Int32) -> Int? {
    guard id > 0, let pointer = unsafe nghttp2_session_get_stream_user_data(library, id) else {
      return nil
    }
    return Int(bitPattern: pointer) - 1
  }
}

extension HTTP2ClientSession {
  /// Adds the next `length` bytes of a body to what is written: copied if they are few.
  fileprivate func gather(_ slot: Int, _ length: Int) -> Bool {
    if length <= limits.copiedBytesMax {
      let body = streams[slot].body
      guard length <= body.readableBytes else { return false }
      output.writeBytes(body.readableBytesSpan.extracting(first: length))
      streams[slot].body.moveReaderIndex(forwardBy: length)
      return true
    }
    guard let piece = streams[slot].body.readSlice(length: length) else { return false }
    pieceBytes += output.readableBytes + length
    pieces.append(output)
    pieces.append(piece)
    // The bytes before the piece keep their storage until they are written.
    output = ByteBuffer()
    return true
  }

  /// A client session with our callbacks; `nil` when memory is exhausted.
  static func makeSession(userData: UnsafeMutableRawPointer) -> OpaquePointer? {
    var callbacks: OpaquePointer?
    guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    defer { unsafe nghttp2_session_callbacks_del(callbacks) }
    unsafe nghttp2_session_callbacks_set_on_header_callback(
      callbacks, HTTP2ClientCallbacks.header)
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, HTTP2ClientCallbacks.frame)
    unsafe nghttp2_session_callbacks_set_on_frame_send_callback(
      callbacks, HTTP2ClientCallbacks.frameSent)
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, HTTP2ClientCallbacks.dataChunk)
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, HTTP2ClientCallbacks.streamClose)
    unsafe nghttp2_session_callbacks_set_send_data_callback(
      callbacks, HTTP2ClientCallbacks.sendBody)
    unsafe nghttp2_session_callbacks_set_data_source_read_length_callback(
      callbacks, HTTP2ClientCallbacks.frameLength)
    var session: OpaquePointer?
    guard unsafe nghttp2_session_client_new(&session, callbacks, userData) == 0 else { return nil }
    return unsafe session
  }

  /// Queues the preface and our SETTINGS, and opens the connection's window.
  static func submitSettings(_ session: OpaquePointer, _ limits: HTTP2ClientLimits) -> Bool {
    var entries: InlineArray<3, nghttp2_settings_entry> = [
      entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0),
      entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(limits.streamWindowBytes)),
      entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(limits.headerListBytesMax)),
    ]
    var span = entries.mutableSpan
    let submitted = unsafe span.withUnsafeMutableBufferPointer { entries in
      unsafe nghttp2_submit_settings(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries.baseAddress, entries.count)
    }
    let window = unsafe nghttp2_session_set_local_window_size(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, limits.connectionWindowBytes)
    return submitted == 0 && window == 0
  }

  private static func entry(
    _ id: nghttp2_settings_id, _ value: UInt32
  ) -> nghttp2_settings_entry {
    nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: value)
  }
}
