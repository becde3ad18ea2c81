/// Reads the log when a store is opened.
enum LogReader {
  /// Where the log ends.
  struct Position {
    /// The sequence of the last frame; 0 before the first.
    var last: UInt64
    /// The newest file; `nil` if there is none.
    var segment: LogSegment?
    var schema: LogSchema?
    /// The byte after the last frame of the newest file.
    var end = 0
    /// Bytes after it that a crash left.
    var tornBytes = 0
  }

  /// Hands over the frames after `start`, in their order.
  ///
  /// - Parameter visit: sequence, schema of the frame's file, payload.
  /// - Throws: ``StoreFailure`` where frames are missing or damaged; a torn tail is none of it.
  static func replay(
    _ storage: any StoreStorage, after start: UInt64,
    visit: (UInt64, LogSchema, ArraySlice<UInt8>) throws(StoreFailure) -> Void
  ) throws(StoreFailure) -> Position {
    var segments: [LogSegment]
    do throws(StorageError) {
      segments = try LogSegment.all(in: storage)
      if let last = segments.last, try isUnfinished(last, in: storage) {
        try storage.remove(last.name)
        segments.removeLast()
      }
    } catch {
      throw .storage(error)
    }
    while segments.count > 1, segments[1].first <= start + 1 { segments.removeFirst() }
    var position = Position(last: start)
    guard let first = segments.first else {
      guard start == 0 else { throw missing(storage, "there is no log after batch \(start)") }
      return position
    }
    guard first.first <= start + 1 else {
      throw missing(storage, "the log starts with batch \(first.first), not \(start + 1)")
    }
    position.last = first.first - 1
    for (index, segment) in segments.enumerated() {
      guard segment.first == position.last + 1 else {
        throw missing(
          storage, "the log goes from batch \(position.last) to batch \(segment.first)")
      }
      let isLast = index == segments.count - 1
      try read(segment, in: storage, isLast, after: start, &position, visit)
    }
    guard position.last >= start else {
      throw missing(storage, "the log ends with batch \(position.last), before \(start)")
    }
    return position
  }

  /// Whether a crash came while the file was being made: nothing in it was ever acknowledged.
  private static func isUnfinished(
    _ segment: LogSegment, in storage: any StoreStorage
  ) throws(StorageError) -> Bool {
    let file = try storage.open(segment.name)
    if LogSegment.readHeader(try file.read(at: 0, count: min(1 << 20, file.size()))) != nil {
      return false
    }
    let bytes = try file.read(at: 0, count: file.size())
    // Frames follow a header that is durable: where there are any, it was damaged.
    return LogSegment.readHeader(bytes) == nil
      && !LogFrame.isKnownDurable(segment.first - 1, bytes, after: -1)
  }

  private static func read(
    _ segment: LogSegment, in storage: any StoreStorage, _ isLast: Bool, after start: UInt64,
    _ position: inout Position,
    _ visit: (UInt64, LogSchema, ArraySlice<UInt8>) throws(StoreFailure) -> Void
  ) throws(StoreFailure) {
    let path = storage.path + "/" + segment.name
    let bytes: [UInt8]
    do throws(StorageError) {
      let file = try storage.open(segment.name)
      bytes = try file.read(at: 0, count: file.size())
    } catch {
      throw .storage(error)
    }
    guard let (schema, frames) = LogSegment.readHeader(bytes) else {
      throw .damaged(file: path, offset: 0, what: "this is not the start of a log")
    }
    var offset = frames
    while offset < bytes.count {
      let expected = position.last + 1
      guard let frame = LogFrame(bytes, at: offset) else {
        if isLast, !LogFrame.isKnownDurable(expected, bytes, after: offset) { break }
        throw .damaged(
          file: path, offset: offset, what: "batch \(expected) was stored and is not whole")
      }
      guard frame.sequence == expected else {
        throw .damaged(
          file: path, offset: offset,
          what: "batch \(frame.sequence) stands where \(expected) should")
      }
      if expected > start { try visit(expected, schema, bytes[frame.payload]) }
      position.last = expected
      offset = frame.payload.upperBound
    }
    position.segment = segment
    position.schema = schema
    position.end = offset
    position.tornBytes = bytes.count - offset
  }

  private static func missing(_ storage: any StoreStorage, _ what: String) -> StoreFailure {
    .incomplete(path: storage.path, what: what)
  }
}
