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
      var index = 0
      while index < bytes.count, bytes[index] <= 0x20 { index += 1 }
      self = hasLines ? .lines : index < bytes.count && bytes[index] == 0x5B ? .array : .one
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

  /// Bytes looked through in one go.
  private static let sliceBytes = 256 << 10

  let form: Form
  let body: ByteBuffer
  private(set) var items: [Item] = []
  private(set) var isScanned = false
  private let itemsMax: Int
  private let depthMax: Int
  private var cursor: JSONCursor
  private var isFirst = true
  private var line: UInt32 = 0
  private var next = 0

  /// - Parameter itemsMax: the most values that the body may hold.
  init(_ body: ByteBuffer, _ form: Form, itemsMax: Int, depthMax: Int) {
    self.body = body
    self.form = form
    self.itemsMax = itemsMax
    self.depthMax = depthMax
    cursor = JSONCursor(0..<body.readableBytes)
  }

  /// Looks through the next part of the body, until ``isScanned``.
  ///
  /// - Throws: `JSONError` for an array that is none, or ``TooMany``.
  mutating func scan() throws {
    let body = body
    let bytes = body.readableBytesUInt8Span
    let end = cursor.position + Self.sliceBytes
    while cursor.position < end, !isScanned {
      guard items.count <= itemsMax else { throw TooMany(limit: itemsMax) }
      if form == .array { try scanElement(bytes) } else { scanLine(bytes) }
    }
    guard items.count <= itemsMax else { throw TooMany(limit: itemsMax) }
  }

  private mutating func scanElement(_ bytes: Span<UInt8>) throws(JSONError) {
    guard try cursor.nextElement(bytes, &isFirst) else {
      try cursor.expectEnd(bytes)
      isScanned = true
      return
    }
    _ = cursor.peek(bytes)
    let start = cursor.position
    try cursor.skipValue(bytes, depthMax: depthMax)
    line += 1
    add(start, cursor.position)
  }

  private mutating func scanLine(_ bytes: Span<UInt8>) {
    var start = cursor.position
    var end = start
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    cursor.position = end + 1
    isScanned = cursor.position >= bytes.count
    line += 1
    while start < end, Self.isSpace(bytes[start]) { start += 1 }
    while end > start, Self.isSpace(bytes[end - 1]) { end -= 1 }
    if start < end { add(start, end) }
  }

  private mutating func add(_ start: Int, _ end: Int) {
    items.append(Item(start: UInt32(start), count: UInt32(end - start), line: line))
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D
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
