/// A folder that keeps nothing: for a store whose state need not survive.
struct VolatileStorage: StoreStorage {
  let path = "(memory)"

  func names() -> [String] { [] }

  func open(_ name: String) throws(StorageError) -> any StoreFile {
    throw StorageError("open", name, code: 2)
  }

  func create(_ name: String) -> any StoreFile { VolatileFile() }
  func rename(_ name: String, to new: String) {}
  func remove(_ name: String) {}
  func synchronize() {}
}

/// A file that takes everything and has nothing.
private final class VolatileFile: StoreFile {
  func size() -> Int { 0 }
  func read(at offset: Int, count: Int) -> [UInt8] { [] }
  func write(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Int { bytes.count }
  func synchronize() {}
  func truncate(to size: Int) {}
}
