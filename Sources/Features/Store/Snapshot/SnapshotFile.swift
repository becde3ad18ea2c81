/// A file with the state as of one batch, little-endian: `NTSTATE1`, then blocks
/// `[length u32][crc32 u32][payload]`, the first byte of a payload saying what it holds.
enum SnapshotFile {
  static let magic = Array("NTSTATE1".utf8)
  static let temporary = "snapshot.partial"
  private static let prefix = "snapshot-"
  private static let suffix = ".state"
  static let blockMax = 1 << 30

  enum Kind: UInt8 {
    case head = 1
    /// Source, generation, hashes.
    case ids = 2
    /// Keys of any entity, whole.
    case keys = 3
    /// The number of keys: without it the file is not whole.
    case end = 4
  }

  static func name(_ sequence: UInt64) -> String {
    prefix + LogSegment.digits(sequence) + suffix
  }

  /// The sequences of the snapshots of a folder, newest first.
  static func all(in storage: any StoreStorage) throws(StorageError) -> [UInt64] {
    try storage.names().compactMap { name in
      guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
      return UInt64(name.dropFirst(prefix.count).dropLast(suffix.count))
    }.sorted(by: >)
  }

  /// Appends a block.
  static func append(_ kind: Kind, _ payload: [UInt8], to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.store(UInt32(payload.count + 1))
    bytes.store(UInt32(0))
    bytes.append(kind.rawValue)
    bytes.append(contentsOf: payload)
    bytes.replace(Checksum.crc32(bytes[(start + 8)...]), at: start + 4)
  }
}

/// Reads the blocks of a snapshot, one after the other.
struct SnapshotBlocks {
  private let file: any StoreFile
  private let size: Int
  private let path: String
  private var offset = SnapshotFile.magic.count

  init(_ file: any StoreFile, path: String) throws(StoreFailure) {
    self.file = file
    self.path = path
    do throws(StorageError) {
      size = try file.size()
      guard try file.read(at: 0, count: min(size, SnapshotFile.magic.count)) == SnapshotFile.magic
      else { throw StorageError("", "", code: 0) }
    } catch {
      if error.operation.isEmpty {
        throw .damaged(file: path, offset: 0, what: "this is no snapshot")
      }
      throw .storage(error)
    }
  }

  /// Bytes read so far.
  var position: Int { offset }

  /// What the block that was read last is said to be wrong with.
  func damage(_ what: String) -> StoreFailure {
    .damaged(file: path, offset: offset, what: what)
  }

  /// The next block.
  mutating func next() throws(StoreFailure) -> (
    kind: SnapshotFile.Kind, payload: ArraySlice<UInt8>
  ) {
    do throws(StorageError) {
      let head = try file.read(at: offset, count: min(8, size - offset))
      var reader = StoredBytes(head[...])
      guard let length = try? reader.read(UInt32.self), let sum = try? reader.read(UInt32.self),
        length > 0, Int(length) <= min(SnapshotFile.blockMax, size - offset - 8)
      else { throw StorageError("", "", code: 0) }
      let block = try file.read(at: offset + 8, count: Int(length))
      guard block.count == Int(length), Checksum.crc32(block[...]) == sum,
        let kind = SnapshotFile.Kind(rawValue: block[0])
      else { throw StorageError("", "", code: 0) }
      offset += 8 + Int(length)
      return (kind, block[1...])
    } catch {
      if error.operation.isEmpty { throw damage("the snapshot is not whole") }
      throw .storage(error)
    }
  }
}
