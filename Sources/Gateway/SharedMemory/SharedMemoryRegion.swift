internal import NIOCore

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// A window of one shared memory object that a client made and registered.
///
/// Bytes are copied by the kernel, never touched through a mapping: the client may shrink its
/// object at any time, and a mapping would then kill the server. Any thread.
package final class SharedMemoryRegion: Sendable {
  /// Bytes of one tensor read from a region; a buffer holds 4 GiB.
  private static let readBytesMax = 1 << 30

  package let name: String
  /// The object's name, as given to `shm_open`, for example `/input_data`.
  package let key: String
  /// Where the window starts in the object, in bytes.
  package let offset: Int
  /// The window's size in bytes.
  package let byteSize: Int
  private let descriptor: Int32

  init(name: String, key: String, offset: Int, byteSize: Int) throws(SharedMemoryError) {
    self.name = name
    self.key = key
    self.offset = offset
    self.byteSize = byteSize
    descriptor = Self.open(key)
    guard descriptor >= 0 else {
      let reason = Self.errorText(errno)
      throw SharedMemoryError(
        .invalidArgument,
        "Unable to open shared memory region: '\(name)': key '\(key)': \(reason); create the "
          + "object before registering it")
    }
    guard let size = Self.size(of: descriptor), offset <= size, byteSize <= size - offset else {
      // No close here: every property is set, so the descriptor goes with the object.
      let size = Self.size(of: descriptor) ?? 0
      throw SharedMemoryError(
        .invalidArgument,
        "failed to register shared memory region '\(name)': invalid args: offset \(offset) and "
          + "byte_size \(byteSize) reach past the \(size) bytes of '\(key)'")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Copies `length` bytes from `start` of the window.
  func read(at start: Int, length: Int) throws(SharedMemoryError) -> ByteBuffer {
    try check(start, length)
    guard length <= Self.readBytesMax else {
      throw SharedMemoryError(
        .invalidArgument,
        "shared memory region '\(name)': a tensor of \(length) bytes is larger than "
          + "\(Self.readBytesMax) bytes; send it in parts")
    }
    var buffer = ByteBufferAllocator().buffer(capacity: length)
    var copied = 0
    while copied < length {
      let position = offset + start + copied
      let count = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length - copied) {
        unsafe max(0, Self.read(descriptor, $0, length - copied, position))
      }
      guard count > 0 else { throw shrunk() }
      copied += count
    }
    return buffer
  }

  /// Copies all readable bytes of `bytes` to `start` of the window.
  func write(_ bytes: ByteBuffer, at start: Int) throws(SharedMemoryError) {
    let length = bytes.readableBytes
    try check(start, length)
    // Writing past the end would make the client's object grow.
    guard let size = Self.size(of: descriptor), offset + start + length <= size else {
      throw shrunk()
    }
    var copied = 0
    while copied < length {
      let position = offset + start + copied
      let count = unsafe bytes.withUnsafeReadableBytes {
        unsafe Self.write(
          descriptor, UnsafeRawBufferPointer(rebasing: $0[copied...]), position)
      }
      guard count > 0 else { throw shrunk() }
      copied += count
    }
  }

  private func check(_ start: Int, _ length: Int) throws(SharedMemoryError) {
    guard start >= 0, length >= 0, start <= byteSize, length <= byteSize - start else {
      throw SharedMemoryError(
        .invalidArgument,
        "Invalid offset + byte size for shared memory region: '\(name)': offset \(start) and "
          + "\(length) bytes reach past its \(byteSize) bytes")
    }
  }

  private func shrunk() -> SharedMemoryError {
    SharedMemoryError(
      .invalidArgument,
      "shared memory region '\(name)' is smaller than when it was registered; register it again")
  }

  private static func size(of descriptor: Int32) -> Int? {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    return Int(status.st_size)
  }

  private static func errorText(_ number: Int32) -> String {
    unsafe String(cString: strerror(number))
  }

  #if os(Linux)
    private static func open(_ key: String) -> Int32 {
      unsafe shm_open(key, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0)
    }

    private static func read(
      _ descriptor: Int32, _ target: UnsafeMutableRawBufferPointer, _ length: Int, _ position: Int
    ) -> Int {
      unsafe pread(descriptor, target.baseAddress, min(length, target.count), off_t(position))
    }

    private static func write(
      _ descriptor: Int32, _ source: UnsafeRawBufferPointer, _ position: Int
    ) -> Int {
      unsafe pwrite(descriptor, source.baseAddress, source.count, off_t(position))
    }
  #else
    // Here the objects cannot be read as files, but neither can they change their size.
    private static func open(_ key: String) -> Int32 {
      // The header declares it variadic, which Swift does not import.
      typealias Open = @convention(c) (UnsafePointer<CChar>, Int32) -> Int32
      guard let symbol = unsafe dlsym(UnsafeMutableRawPointer(bitPattern: -2), "shm_open") else {
        return -1
      }
      return unsafe unsafeBitCast(symbol, to: Open.self)(key, O_RDWR)
    }

    private static func read(
      _ descriptor: Int32, _ target: UnsafeMutableRawBufferPointer, _ length: Int, _ position: Int
    ) -> Int {
      unsafe withMapping(descriptor, end: position + length) { mapping in
        unsafe target.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: mapping[position..<position + length]))
        return length
      }
    }

    private static func write(
      _ descriptor: Int32, _ source: UnsafeRawBufferPointer, _ position: Int
    ) -> Int {
      unsafe withMapping(descriptor, end: position + source.count) { mapping in
        unsafe UnsafeMutableRawBufferPointer(rebasing: mapping[position...]).copyMemory(
          from: source)
        return source.count
      }
    }

    private static func withMapping(
      _ descriptor: Int32, end: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
      guard let size = size(of: descriptor), end <= size,
        let base = unsafe mmap(nil, end, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
        unsafe base != MAP_FAILED
      else { return 0 }
      defer { unsafe munmap(base, end) }
      return unsafe body(UnsafeMutableRawBufferPointer(start: base, count: end))
    }
  #endif
}
