/// One open file of a store. Any thread; offsets are counted in bytes from its start.
package protocol StoreFile: AnyObject, Sendable {
  /// Bytes that the file has.
  func size() throws(StorageError) -> Int

  /// Up to `count` bytes from `offset`; fewer only at the end.
  func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8]

  /// Writes at least one byte; a file system may take fewer than it was given.
  ///
  /// - Returns: bytes written.
  func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(StorageError) -> Int

  /// Makes durable what was written; after an error nothing is known of it.
  func synchronize() throws(StorageError)

  /// Cuts the file off.
  func truncate(to size: Int) throws(StorageError)
}

/// The folder of a store: all that it does with the disk, so that a test can let any of it fail.
package protocol StoreStorage: Sendable {
  /// The folder's name in messages.
  var path: String { get }

  /// The names of the files, in any order.
  func names() throws(StorageError) -> [String]

  /// Opens a file that is there.
  func open(_ name: String) throws(StorageError) -> any StoreFile

  /// Makes an empty file, or empties the one that is there.
  func create(_ name: String) throws(StorageError) -> any StoreFile

  /// Gives a file another name; a file of that name goes.
  func rename(_ name: String, to new: String) throws(StorageError)

  /// Deletes a file.
  func remove(_ name: String) throws(StorageError)

  /// Makes durable which files there are.
  func synchronize() throws(StorageError)
}

/// What a file operation ran into.
package struct StorageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// `write`, `fsync`, `open` and so on.
  package var operation: String
  package var path: String
  /// As the system numbers it.
  package var code: Int32

  package init(_ operation: String, _ path: String, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// Whether there is no room: the only error that passes by itself.
  package var isOutOfSpace: Bool { SystemCalls.isOutOfSpace(code) }

  /// `fsync of DIR/FILE: Input/output error (5)`.
  package var description: String {
    "\(operation) of \(path): \(SystemCalls.text(code)) (\(code))"
  }
}

extension StoreFile {
  /// Writes all of `bytes`, in as many steps as it takes.
  func writeAll(_ bytes: [UInt8], at offset: Int) throws(StorageError) {
    var done = 0
    while done < bytes.count {
      done += try write(bytes[done...], at: offset + done)
    }
  }
}
