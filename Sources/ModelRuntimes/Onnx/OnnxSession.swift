internal import COnnxRuntime

/// A model in ONNX Runtime's memory; freed with this object.
@safe
final class OnnxSession: @unchecked Sendable {
  // Guarded by: immutability, and ONNX Runtime itself, which allows runs of one session from any
  // number of threads.

  let library: OnnxLibrary
  let pointer: OpaquePointer

  /// Takes ownership of a session.
  init(library: OnnxLibrary, pointer: OpaquePointer) {
    self.library = library
    unsafe self.pointer = unsafe pointer
  }

  deinit { unsafe library.api.pointee.release_session(pointer) }
}

/// A session's settings while it is being made; freed with this object.
@safe
final class OnnxSessionOptions {
  let library: OnnxLibrary
  let pointer: OpaquePointer

  init(library: OnnxLibrary) throws(OnnxError) {
    self.library = library
    var made: OpaquePointer?
    try unsafe library.check(library.api.pointee.create_options(&made))
    guard let made = unsafe made else {
      throw OnnxError(code: .other, text: "no session options were made")
    }
    unsafe pointer = unsafe made
  }

  deinit { unsafe library.api.pointee.release_options(pointer) }

  /// Adds a raw configuration entry; a later one replaces an earlier one.
  func add(entry key: String, _ value: String) throws(OnnxError) {
    try unsafe library.check(library.api.pointee.add_entry(pointer, key, value))
  }
}
