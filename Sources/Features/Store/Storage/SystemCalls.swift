#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// The calls of the system that a store on a disk consists of.
///
/// Those that give a number give −1 where they fail, and ``lastError`` says why.
enum SystemCalls {
  static var lastError: Int32 { errno }

  static func isOutOfSpace(_ code: Int32) -> Bool {
    code == ENOSPC || code == EDQUOT || code == EFBIG
  }

  static func isInterruption(_ code: Int32) -> Bool { code == EINTR }
  static func isInUse(_ code: Int32) -> Bool { code == EWOULDBLOCK }

  static func text(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }

  /// Opens for reading and writing.
  static func open(_ path: String, creates: Bool) -> Int32 {
    openFile(path, O_RDWR | O_CLOEXEC | (creates ? O_CREAT | O_TRUNC : 0))
  }

  /// Opens the file that keeps a second process away, and takes it if nobody has it.
  static func openLock(_ path: String) -> Int32 {
    let descriptor = openFile(path, O_RDWR | O_CREAT | O_CLOEXEC)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return descriptor }
    let code = errno
    _ = closeFile(descriptor)
    errno = code
    return -1
  }

  /// Makes a folder that is readable for its owner alone; there already is as good.
  static func makeFolder(_ path: String) -> Int32 {
    unsafe mkdir(path, 0o700) == 0 || errno == EEXIST ? 0 : -1
  }

  static func size(_ descriptor: Int32) -> Int {
    Int(lseek(descriptor, 0, SEEK_END))
  }

  static func read(_ descriptor: Int32, into bytes: inout [UInt8], from start: Int, at offset: Int)
    -> Int
  {
    unsafe bytes.withUnsafeMutableBytes { buffer in
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
      return unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset))
    }
  }

  static func write(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>, at offset: Int) -> Int {
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
    }
  }

  /// Durable down to the medium, the file's size included.
  static func synchronize(_ descriptor: Int32) -> Int32 {
    #if canImport(Darwin)
      fcntl(descriptor, F_FULLFSYNC)
    #else
      fdatasync(descriptor)
    #endif
  }

  static func truncate(_ descriptor: Int32, to size: Int) -> Int32 {
    ftruncate(descriptor, off_t(size))
  }

  /// Makes the entries of a folder durable.
  static func synchronizeFolder(_ path: String) -> Int32 {
    let descriptor = openFile(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return -1 }
    let result = fsync(descriptor)
    let code = errno
    _ = closeFile(descriptor)
    errno = code
    return result
  }

  /// Lets another thread run, if one waits for the processor.
  static func giveWay() { _ = sched_yield() }

  static func close(_ descriptor: Int32) { _ = closeFile(descriptor) }

  static func rename(_ path: String, to new: String) -> Int32 {
    #if canImport(Glibc)
      unsafe Glibc.rename(path, new)
    #elseif canImport(Musl)
      unsafe Musl.rename(path, new)
    #else
      unsafe Darwin.rename(path, new)
    #endif
  }

  static func remove(_ path: String) -> Int32 { unsafe unlink(path) }

  #if canImport(Glibc)
    private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
      unsafe Glibc.open(path, flags, 0o600)
    }
    private static func closeFile(_ descriptor: Int32) -> Int32 { Glibc.close(descriptor) }
  #elseif canImport(Musl)
    private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
      unsafe Musl.open(path, flags, 0o600)
    }
    private static func closeFile(_ descriptor: Int32) -> Int32 { Musl.close(descriptor) }
  #else
    private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
      unsafe Darwin.open(path, flags, 0o600)
    }
    private static func closeFile(_ descriptor: Int32) -> Int32 { Darwin.close(descriptor) }
  #endif
}
