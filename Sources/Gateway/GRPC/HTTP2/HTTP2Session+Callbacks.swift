internal import CNghttp2
internal import NIOCore

/// The functions that the library calls; each finds its Swift object in the pointer it is given.
enum HTTP2Callbacks {
  /// The stream's next body bytes: how many there are, not the bytes themselves.
  static let readBody: nghttp2_data_source_read_callback = {
    _, _, _, length, flags, source, userData in
    guard let pointer = unsafe source?.pointee.ptr, let flags = unsafe flags else {
      return ssize_t(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let stream = unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
    let available = stream.outbound.readableBytes
    if available == 0 && !stream.isBodyComplete {
      stream.isDeferred = true
      return ssize_t(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    let count = min(length, available)
    if count > 0 { unsafe flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue }
    if stream.isBodyComplete && count == available {
      unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
      if !stream.trailers.isEmpty {
        guard stream.session?.submitTrailers(stream) == true else {
          return ssize_t(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
        unsafe flags.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
      }
    }
    return count
  }

  /// Writes a DATA frame: the library's frame header, then the stream's own bytes, copied once.
  static let sendBody: nghttp2_send_data_callback = {
    _, _, frameHeader, length, source, userData in
    guard let pointer = unsafe source?.pointee.ptr, let session = unsafe find(userData),
      let frameHeader = unsafe frameHeader
    else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
    let output = session.output
    guard output.buffer.readableBytes < session.settings.writeBytesMax else {
      return NGHTTP2_ERR_WOULDBLOCK.rawValue
    }
    let stream = unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
    unsafe output.buffer.writeBytes(UnsafeRawBufferPointer(start: frameHeader, count: 9))
    let body = stream.outbound
    let taken = output.buffer.writeBytes(body.readableBytesSpan.extracting(first: length))
    stream.outbound.moveReaderIndex(forwardBy: taken)
    if stream.outbound.readableBytes == 0 {
      stream.outbound = ByteBuffer()
      stream.outboundDrained()
    }
    return taken == length ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
  }

  static let beginFrame: nghttp2_on_begin_frame_callback = { _, header, userData in
    guard let session = unsafe find(userData), let header = unsafe header else {
      return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }
    let endsBlock = unsafe UInt32(header.pointee.flags) & NGHTTP2_FLAG_END_HEADERS.rawValue != 0
    session.isInHeaderBlock =
      unsafe UInt32(header.pointee.type) == NGHTTP2_HEADERS.rawValue && !endsBlock
    return 0
  }

  static let beginHeaders: nghttp2_on_begin_headers_callback = { library, frame, userData in
    guard let session = unsafe find(userData), let frame = unsafe frame else {
      return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }
    guard unsafe isRequest(frame) else { return 0 }
    let id = unsafe frame.pointee.hd.stream_id
    guard let stream = session.owner?.makeStream(id: id) else {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }
    stream.session = session
    session.streams[id] = stream
    _ = unsafe nghttp2_session_set_stream_user_data(
      library, id, Unmanaged.passUnretained(stream).toOpaque())
    return 0
  }

  static let header: nghttp2_on_header_callback = {
    library, frame, name, nameCount, value, valueCount, _, userData in
    guard let session = unsafe find(userData), let frame = unsafe frame,
      let name = unsafe name, let value = unsafe value
    else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
    guard unsafe isRequest(frame),
      let stream = unsafe findStream(library, frame.pointee.hd.stream_id)
    else { return 0 }
    stream.headerBytes += nameCount + valueCount + 32
    guard stream.headerBytes <= session.settings.headerListBytesMax else {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }
    let nameSpan = unsafe Span(_unsafeStart: name, count: nameCount)
    let valueSpan = unsafe Span(_unsafeStart: value, count: valueCount)
    return stream.receive(header: nameSpan, value: valueSpan)
      ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
  }

  static let frame: nghttp2_on_frame_recv_callback = { library, frame, userData in
    guard let frame = unsafe frame else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
    let type = unsafe UInt32(frame.pointee.hd.type)
    let isHeaders = type == NGHTTP2_HEADERS.rawValue
    guard isHeaders || type == NGHTTP2_DATA.rawValue,
      let stream = unsafe findStream(library, frame.pointee.hd.stream_id)
    else { return 0 }
    if isHeaders, unsafe isRequest(frame) { stream.receiveHead() }
    let flags = unsafe UInt32(frame.pointee.hd.flags)
    if flags & NGHTTP2_FLAG_END_STREAM.rawValue != 0 { stream.receiveEnd() }
    return 0
  }

  static let dataChunk: nghttp2_on_data_chunk_recv_callback = {
    library, _, id, bytes, count, userData in
    guard let bytes = unsafe bytes else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
    guard let stream = unsafe findStream(library, id) else {
      // The stream is gone, but its bytes count against the connection's window.
      _ = unsafe nghttp2_session_consume_connection(library, count)
      return 0
    }
    stream.receive(data: unsafe RawSpan(_unsafeStart: bytes, byteCount: count))
    return 0
  }

  static let streamClose: nghttp2_on_stream_close_callback = { library, id, code, userData in
    guard let session = unsafe find(userData),
      let stream = session.streams.removeValue(forKey: id)
    else { return 0 }
    stream.session = nil
    stream.close(errorCode: code)
    return 0
  }

  private static func find(_ userData: UnsafeMutableRawPointer?) -> HTTP2Session? {
    guard let userData = unsafe userData else { return nil }
    return unsafe Unmanaged<HTTP2Session>.fromOpaque(userData).takeUnretainedValue()
  }

  private static func findStream(_ library: OpaquePointer?, _ id: Int32) -> HTTP2Stream? {
    guard let pointer = unsafe nghttp2_session_get_stream_user_data(library, id) else {
      return nil
    }
    return unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
  }

  /// Whether `frame` opens a request, as opposed to trailers.
  private static func isRequest(_ frame: UnsafePointer<nghttp2_frame>) -> Bool {
    unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
      && UInt32(frame.pointee.hd.type) == NGHTTP2_HEADERS.rawValue
  }
}

extension HTTP2Session {
  /// A server session with our callbacks and bounds; `nil` when memory is exhausted.
  static func makeSession(
    _ settings: HTTP2Settings, userData: UnsafeMutableRawPointer
  ) -> OpaquePointer? {
    var callbacks: OpaquePointer?
    var options: OpaquePointer?
    guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    defer { unsafe nghttp2_session_callbacks_del(callbacks) }
    guard unsafe nghttp2_option_new(&options) == 0 else { return nil }
    defer { unsafe nghttp2_option_del(options) }

    unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(
      callbacks, HTTP2Callbacks.beginFrame)
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(
      callbacks, HTTP2Callbacks.beginHeaders)
    unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, HTTP2Callbacks.header)
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, HTTP2Callbacks.frame)
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, HTTP2Callbacks.dataChunk)
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, HTTP2Callbacks.streamClose)
    unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks, HTTP2Callbacks.sendBody)

    // Windows are given back by hand, so that a stream can be held; see `consume`.
    unsafe nghttp2_option_set_no_auto_window_update(options, 1)
    // Closed streams are of use only to a priority scheme that nobody sends any more.
    unsafe nghttp2_option_set_no_closed_streams(options, 1)
    unsafe nghttp2_option_set_max_outbound_ack(options, settings.pendingAcknowledgementsMax)
    unsafe nghttp2_option_set_stream_reset_rate_limit(
      options, settings.resetBurst, settings.resetRate)

    var session: OpaquePointer?
    guard unsafe nghttp2_session_server_new2(&session, callbacks, userData, options) == 0 else {
      return nil
    }
    return unsafe session
  }

  /// Queues our SETTINGS and opens the connection's window.
  static func submitSettings(_ session: OpaquePointer, _ settings: HTTP2Settings) -> Bool {
    var entries: InlineArray<5, nghttp2_settings_entry> = [
      entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.concurrentStreamsMax),
      entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(settings.streamWindowBytes)),
      entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(settings.headerListBytesMax)),
      entry(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, settings.frameBytesMax),
      entry(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 0),
    ]
    var span = entries.mutableSpan
    let submitted = unsafe span.withUnsafeMutableBufferPointer { entries in
      unsafe nghttp2_submit_settings(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries.baseAddress, entries.count)
    }
    let window = unsafe nghttp2_session_set_local_window_size(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, settings.connectionWindowBytes)
    return submitted == 0 && window == 0
  }

  private static func entry(
    _ id: nghttp2_settings_id, _ value: UInt32
  ) -> nghttp2_settings_entry {
    nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: value)
  }
}
