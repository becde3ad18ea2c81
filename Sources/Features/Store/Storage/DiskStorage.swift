private import Foundation

/// A folder on a disk, held by one process at a time.
package final class DiskStorage: StoreStorage {
  package let path: String
  private let lock: Int32

  /// Opens the folder, which is made if it is not there.
  ///
  /// - Throws: ``StoreFailure/inUse(path:)`` while another process has it.
  package init(path: String) throws(StoreFailure) {
    self.path = path
    guard SystemCalls.makeFolder(path) == 0 else {
      throw .storage(StorageError("mkdir", path, code: SystemCalls.lastError))
    }
    lock = SystemCalls.openLock(path + "/lock")
    guard lock >= 0 else {
      let code = SystemCalls.lastError
      if SystemCalls.isInUse(code) { throw .inUse(path: path) }
      throw .storage(StorageError("open", path + "/lock", code: code))
    }
  }

  deinit { if lock >= 0 { SystemCalls.close(lock) } }

  package func names() throws(StorageError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw StorageError("list", path, code: SystemCalls.lastError)
    }
  }

  package func open(_ name: String) throws(StorageError) -> any StoreFile {
    try DiskFile(path + "/" + name, creates: false)
  }

  package func create(_ name: String) throws(StorageError) -> any StoreFile {
    try DiskFile(path + "/" + name, creates: true)
  }

  package func rename(_ name: String, to new: String) throws(StorageError) {
    try check("rename", name, SystemCalls.rename(path + "/" + name, to: path + "/" + new))
  }

  package func remove(_ name: String) throws(StorageError) {
    try check("remove", name, SystemCalls.remove(path + "/" + name))
  }

  package func synchronize() throws(StorageError) {
    guard SystemCalls.synchronizeFolder(path) == 0 else {
      throw StorageError("fsync", path, code: SystemCalls.lastError)
    }
  }

  private func check(
    _ operation: String, _ name: String, _ result: Int32
  ) throws(StorageError) {
    guard result == 0 else {
      throw StorageError(operation, path + "/" + name, code: SystemCalls.lastError)
    }
  }
}

/// An open file on a disk.
private final class DiskFile: StoreFile {
  private let path: String
  private let descriptor: Int32

  init(_ path: String, creates: Bool) throws(StorageError) {
    self.path = path
    descriptor = SystemCalls.open(path, creates: creates)
    guard descriptor >= 0 else { throw error("open") }
  }

  deinit { if descriptor >= 0 { SystemCalls.close(descriptor) } }

  private func error(_ operation: String) -> StorageError {
    StorageError(operation, path, code: SystemCalls.lastError)
  }

  func size() throws(StorageError) -> Int {
    let size = SystemCalls.size(descriptor)
    guard size >= 0 else { throw error("size") }
    return size
  }

  func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = SystemCalls.read(descriptor, into: &bytes, from: done, at: offset + done)
      if got < 0, SystemCalls.isInterruption(SystemCalls.lastError) { continue }
      guard got >= 0 else { throw error("read") }
      if got == 0 { break }
      done += got
    }
    if done < count { bytes.removeLast(count - done) }
    return bytes
  }

  func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(StorageError) -> Int {
    while true {
      let count = SystemCalls.write(descriptor, bytes, at: offset)
      if count > 0 { return count }
      guard SystemCalls.isInterruption(SystemCalls.lastError) else { throw error("write") }
    }
  }

  func synchronize() throws(StorageError) {
    guard SystemCalls.synchronize(descriptor) == 0 else { throw error("fsync") }
  }

  func truncate(to size: Int) throws(StorageError) {
    guard SystemCalls.truncate(descriptor, to: size) == 0 else { throw error("truncate") }
  }
}
