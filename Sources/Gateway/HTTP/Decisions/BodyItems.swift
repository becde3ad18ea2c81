internal import NIOCore

/// The values in a body that holds many: elements of a JSON array, or lines. Found a bounded part
/// of the body at a time.
struct BodyItems {
  /// How a body holds its values.
  enum Form {
    /// One value.
    case one
    /// A JSON array.
    case array
    /// One value a line.
    case lines

    /// The form of a body whose media type says whether it has lines.
    init(_ body: ByteBuffer, hasLines: Bool) {
      let bytes = body.readableBytesUInt8Span
      let end = min(bytes.count, BodyTurns.sliceBytes)
      var index = 0
      while index < end, bytes[index] <= 0x20 { index += 1 }
      self = hasLines ? .lines : index < end && bytes[index] == 0x5B ? .array : .one
    }
  }

  /// One value.
  struct Item {
    var start: UInt32
    var count: UInt32
    /// Its line, or its place in the array, from 1.
    var line: UInt32
  }

  /// A body with more values than may be.
  struct TooMany: Error {
    var limit: Int
  }

  /// What an array holds next.
  private enum Place {
    case start
    case firstValue
    case value
    case separator
    case end
  }

  let form: Form
  let body: ByteBuffer
  private(set) var items: [Item] = []
  private(set) var isScanned = false
  private let itemsMax: Int
  private let valueBytesMax: Int
  private let depthMax: Int
  private var cursor: JSONCursor
  private var place = Place.start
  /// The element at hand, once it is known to be too long.
  private var long: LongValue?
  private var line: UInt32 = 0
  /// What was found of the line at hand, without the space around it.
  private var content = 0..<0
  private var next = 0

  /// - Parameters:
  ///   - itemsMax: the most values that the body may hold.
  ///   - valueBytesMax: the most bytes of a value that can be taken. Of a longer element only the
  ///     end is found; whether it is JSON is not checked.
  init(
    _ body: ByteBuffer, _ form: Form, itemsMax: Int, valueBytesMax: Int, depthMax: Int
  ) {
    self.body = body
    self.form = form
    self.itemsMax = itemsMax
    self.valueBytesMax = valueBytesMax
    self.depthMax = depthMax
    cursor = JSONCursor(0..<body.readableBytes)
  }

  /// Looks through the next part of the body, until ``isScanned``: ``BodyTurns/sliceBytes``, or a
  /// value more.
  ///
  /// - Throws: `JSONError` for an array that is none, or ``TooMany``.
  mutating func scan() throws {
    let body = body
    let bytes = body.readableBytesUInt8Span
    let end = cursor.position + BodyTurns.sliceBytes
    while cursor.position < end, !isScanned {
      guard items.count <= itemsMax else { throw TooMany(limit: itemsMax) }
      if form == .array { try scanArray(bytes, until: end) } else { scanLine(bytes, until: end) }
    }
    guard items.count <= itemsMax else { throw TooMany(limit: itemsMax) }
  }

  /// The next step through an array.
  private mutating func scanArray(_ bytes: Span<UInt8>, until end: Int) throws(JSONError) {
    if long != nil { return try scanLongValue(bytes, until: end) }
    guard skipSpace(bytes, until: end) else { return }
    switch place {
    case .start:
      try cursor.expect(0x5B, bytes)
      place = .firstValue
    case .firstValue where bytes.holds(0x5D, at: cursor.position),
      .separator where bytes.holds(0x5D, at: cursor.position):
      cursor.position += 1
      place = .end
    case .firstValue, .value: try scanValue(bytes)
    case .separator:
      try cursor.expect(0x2C, bytes)
      place = .value
    case .end:
      try cursor.expectEnd(bytes)
      isScanned = true
    }
  }

  /// Reads an element, but no further than it may be long.
  private mutating func scanValue(_ bytes: Span<UInt8>) throws(JSONError) {
    let start = cursor.position
    let end = min(bytes.count, start + valueBytesMax + 1)
    var value = JSONCursor(start..<end)
    var problem: JSONError?
    do throws(JSONError) { try value.skipValue(bytes, depthMax: depthMax) } catch {
      // Near the end it may be a part of what is right.
      guard end < bytes.count, error.offset + LongValue.partBytes >= end else { throw error }
      problem = error
    }
    guard problem == nil, value.position < end || end == bytes.count else {
      long = LongValue(start, problem)
      return
    }
    addElement(start, value.position)
  }

  /// Looks for the end of a long element.
  private mutating func scanLongValue(_ bytes: Span<UInt8>, until end: Int) throws(JSONError) {
    guard var value = long else { return }
    let stop = min(end, bytes.count)
    let valueEnd = value.findEnd(bytes, from: &cursor.position, until: stop)
    long = value
    guard let valueEnd else {
      if stop == bytes.count { throw JSONError("a value has no end", at: stop) }
      return
    }
    // Not long after all.
    if let problem = value.problem, valueEnd - value.start <= valueBytesMax { throw problem }
    long = nil
    addElement(value.start, valueEnd)
  }

  private mutating func addElement(_ start: Int, _ end: Int) {
    line += 1
    add(start, end)
    cursor.position = end
    place = .separator
  }

  /// Moves past white space; `false` if there may be more of it in the next turn.
  private mutating func skipSpace(_ bytes: Span<UInt8>, until end: Int) -> Bool {
    let stop = min(end, bytes.count)
    while cursor.position < stop, Self.isSpace(bytes[cursor.position]) { cursor.position += 1 }
    return cursor.position < stop || stop == bytes.count
  }

  /// Looks for the end of a line.
  private mutating func scanLine(_ bytes: Span<UInt8>, until end: Int) {
    let stop = min(end, bytes.count)
    var index = cursor.position
    var (start, contentEnd) = (content.lowerBound, content.upperBound)
    while index < stop {
      let byte = bytes[index]
      if byte == 0x0A { break }
      index += 1
      if byte > 0x20 || !Self.isSpace(byte) {
        contentEnd = index
      } else if contentEnd == start {
        start = index
        contentEnd = index
      }
    }
    cursor.position = index
    content = start..<contentEnd
    // Neither its end nor that of the body: it goes on in the next turn.
    if index == stop, stop < bytes.count { return }
    line += 1
    if !content.isEmpty { add(start, contentEnd) }
    cursor.position = index + 1
    content = cursor.position..<cursor.position
    isScanned = cursor.position >= bytes.count
  }

  private mutating func add(_ start: Int, _ end: Int) {
    items.append(Item(start: UInt32(start), count: UInt32(end - start), line: line))
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  /// Whether every value was taken.
  var isDone: Bool { isScanned && next >= items.count }

  /// The next value; `nil` after the last. Only once ``isScanned``.
  mutating func popNext() -> Item? {
    guard next < items.count else { return nil }
    defer { next += 1 }
    return items[next]
  }

  /// The bytes of a value.
  func bytes(of item: Item) -> ByteBuffer {
    body.getSlice(at: body.readerIndex + Int(item.start), length: Int(item.count)) ?? ByteBuffer()
  }
}
