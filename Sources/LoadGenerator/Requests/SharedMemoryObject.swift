internal import NIOCore

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// A POSIX shared memory object that this process made. Its name goes with the value's end at the
/// latest; who has opened it keeps it. Any thread.
final class SharedMemoryObject: Sendable {
  /// The name, as `shm_open` takes it: `/needletail-…`.
  let key: String
  let byteSize: Int
  private let descriptor: Int32

  /// Makes an object of `byteSize` bytes of zeros, all of them backed by memory.
  ///
  /// - Throws: ``BenchInputError`` if the name is taken or there is too little memory.
  init(key: String, byteSize: Int) throws(BenchInputError) {
    self.key = key
    self.byteSize = byteSize
    descriptor = Self.create(key)
    guard descriptor >= 0 else {
      throw BenchInputError(
        "shared memory '\(key)' cannot be made: \(Self.errorText(errno)); is /dev/shm there?")
    }
    // Reserved now: where memory runs out later, a write is a signal instead of an error.
    let error = Self.reserve(descriptor, byteSize)
    guard error == 0 else {
      throw BenchInputError(
        "shared memory '\(key)' of \(byteSize) bytes cannot be made: \(Self.errorText(error)); use "
          + "fewer sets, or a larger /dev/shm")
    }
  }

  /// Copies `bytes` to `offset`.
  func write(_ bytes: ByteBuffer, at offset: Int) throws(BenchInputError) {
    guard offset >= 0, bytes.readableBytes <= byteSize - offset else {
      throw BenchInputError(
        "shared memory '\(key)': \(bytes.readableBytes) bytes at \(offset) reach past its end")
    }
    var copied = 0
    while copied < bytes.readableBytes {
      let position = offset + copied
      let count = unsafe bytes.withUnsafeReadableBytes { source in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: source[copied...])
        return unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(position))
      }
      guard count > 0 else {
        throw BenchInputError(
          "shared memory '\(key)' cannot be written: \(Self.errorText(errno))")
      }
      copied += count
    }
  }

  /// Takes the name away; does no harm a second time.
  func unlink() { _ = unsafe shm_unlink(key) }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink()
    }
  }

  private static func errorText(_ number: Int32) -> String {
    unsafe String(cString: strerror(number))
  }

  #if os(Linux)
    private static func create(_ key: String) -> Int32 {
      unsafe shm_open(key, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    }

    private static func reserve(_ descriptor: Int32, _ byteSize: Int) -> Int32 {
      posix_fallocate(descriptor, 0, off_t(byteSize))
    }
  #else
    private static func create(_ key: String) -> Int32 {
      errno = ENOTSUP
      return -1
    }

    private static func reserve(_ descriptor: Int32, _ byteSize: Int) -> Int32 { ENOTSUP }
  #endif
}
