/// Writes groups of frames to the newest file of the log, each with one fsync. One thread.
struct LogWriter: Sendable {
  private let storage: any StoreStorage
  private let header: [UInt8]
  private let segmentBytes: Int
  private var file: (any StoreFile)?
  /// Where the next frame goes.
  private var offset = 0
  /// The last sequence that is safe on the disk.
  private(set) var durable: UInt64

  /// - Parameter position: where the log ends.
  init(
    _ storage: any StoreStorage, _ schema: LogSchema, _ options: StoreOptions,
    at position: LogReader.Position
  ) throws(StorageError) {
    self.storage = storage
    header = LogSegment.header(schema)
    segmentBytes = options.segmentBytes
    durable = position.last
    guard let segment = position.segment, position.schema == schema else { return }
    let file = try storage.open(segment.name)
    if position.tornBytes > 0 { try file.truncate(to: position.end) }
    // What a crash left is built upon from now on.
    try file.synchronize()
    try storage.synchronize()
    self.file = file
    offset = position.end
  }

  /// Writes frames and makes them durable.
  ///
  /// - Throws: ``StoreFailure/diskFull(_:)`` where nothing of the group stayed, so that it may be
  ///   tried again; otherwise ``StoreFailure/stopped(_:)``, after which nothing may.
  mutating func write(_ frames: [(payload: [UInt8], sequence: UInt64)]) throws(StoreFailure) {
    guard let first = frames.first, let last = frames.last else { return }
    let file = try currentFile(first: first.sequence)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(frames.reduce(0) { $0 + $1.payload.count + LogFrame.headerBytes })
    for frame in frames {
      LogFrame.append(frame.payload, sequence: frame.sequence, durable: durable, to: &bytes)
    }
    do throws(StorageError) {
      try file.writeAll(bytes, at: offset)
    } catch {
      try undo(error) { () throws(StorageError) in try file.truncate(to: offset) }
    }
    do throws(StorageError) {
      try file.synchronize()
    } catch {
      // Also where there was no room: the system may have dropped what it could not write.
      throw .stopped(error)
    }
    offset += bytes.count
    durable = last.sequence
  }

  /// The file that the frame `first` goes to.
  private mutating func currentFile(first: UInt64) throws(StoreFailure) -> any StoreFile {
    if let file, offset < segmentBytes { return file }
    let name = LogSegment(first: first).name
    let made: any StoreFile
    do throws(StorageError) {
      made = try storage.create(name)
    } catch {
      throw error.isOutOfSpace ? .diskFull(error) : .stopped(error)
    }
    do throws(StorageError) {
      try made.writeAll(header, at: 0)
    } catch {
      try undo(error) { () throws(StorageError) in try storage.remove(name) }
    }
    do throws(StorageError) {
      try made.synchronize()
      try storage.synchronize()
    } catch {
      throw .stopped(error)
    }
    file = made
    offset = header.count
    return made
  }

  /// Takes back what was written of a group, and throws why.
  private func undo(
    _ error: StorageError, _ body: () throws(StorageError) -> Void
  ) throws(StoreFailure) -> Never {
    guard error.isOutOfSpace else { throw .stopped(error) }
    do throws(StorageError) { try body() } catch { throw .stopped(error) }
    throw .diskFull(error)
  }
}
