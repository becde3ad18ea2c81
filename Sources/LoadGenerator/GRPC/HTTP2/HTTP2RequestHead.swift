internal import CNghttp2

/// The fields of a request in the library's form, made once for many requests.
///
/// Confined to one thread, though it never changes.
@safe final class HTTP2RequestHead {
  private let text: UnsafeMutablePointer<UInt8>
  private let fields: UnsafeMutablePointer<nghttp2_nv>
  private let textCount: Int
  private let count: Int

  /// - Parameters:
  ///   - list: lower-case names and values, pseudo-header fields first.
  ///   - isLasting: whether the head outlives every session it is submitted to, so that the
  ///     library need not copy the text.
  init(_ list: [(name: String, value: String)], isLasting: Bool) {
    count = list.count
    textCount = list.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    unsafe text = .allocate(capacity: max(1, textCount))
    unsafe fields = .allocate(capacity: max(1, list.count))
    let flags =
      isLasting
      ? NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
      : NGHTTP2_NV_FLAG_NONE.rawValue
    var next = unsafe text
    for (index, field) in list.enumerated() {
      let name = unsafe next
      for byte in field.name.utf8 {
        unsafe next.initialize(to: byte)
        unsafe next += 1
      }
      let value = unsafe next
      for byte in field.value.utf8 {
        unsafe next.initialize(to: byte)
        unsafe next += 1
      }
      unsafe (fields + index).initialize(
        to: nghttp2_nv(
          name: name, value: value, namelen: value - name, valuelen: next - value,
          flags: UInt8(flags)))
    }
  }

  deinit {
    unsafe fields.deallocate()
    unsafe text.deallocate()
  }

  /// Queues a request with these fields.
  ///
  /// - Returns: the stream's number, or an error of the library below 0.
  func submit(
    to session: OpaquePointer, body: inout nghttp2_data_provider,
    userData: UnsafeMutableRawPointer?
  ) -> Int32 {
    unsafe nghttp2_submit_request(session, nil, fields, count, &body, userData)
  }
}
