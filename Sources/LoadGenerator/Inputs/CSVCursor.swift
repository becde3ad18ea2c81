/// One field of a record: where its bytes are, between the quotes if it has some.
struct CSVField: Equatable {
  var range: Range<Int>
  /// Whether it stood in quotes.
  var isQuoted = false
  /// Whether quotes inside it are doubled, so that its bytes are not its content.
  var hasDoubledQuotes = false

  /// The content as bytes.
  func content(in bytes: Span<UInt8>) -> [UInt8] {
    var content: [UInt8] = []
    content.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      content.append(bytes[index])
      // Of two quotes the second is left out.
      index += hasDoubledQuotes && bytes[index] == 0x22 ? 2 : 1
    }
    return content
  }
}

/// Why bytes are not comma-separated values: what, and at which byte.
struct CSVError: Error, Equatable {
  var reason: String
  var offset: Int
}

/// Walks comma-separated values record by record, as RFC 4180 has them; line feeds alone end a
/// record too, and empty lines are passed over.
struct CSVCursor {
  /// Fields of one record.
  static let fieldsMax = 65_536

  private(set) var position: Int
  private let end: Int

  init(_ bytes: Span<UInt8>) {
    end = bytes.count
    let hasMark = end >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
    position = hasMark ? 3 : 0
  }

  /// Reads the next record into `fields`; `false` at the end.
  mutating func next(_ bytes: Span<UInt8>, into fields: inout [CSVField]) throws(CSVError) -> Bool {
    fields.removeAll(keepingCapacity: true)
    while position < end, bytes[position] == 0x0A || bytes[position] == 0x0D { position += 1 }
    guard position < end else { return false }
    while true {
      guard fields.count < Self.fieldsMax else {
        throw CSVError(reason: "more than \(Self.fieldsMax) fields in a record", offset: position)
      }
      let isQuoted = position < end && bytes[position] == 0x22
      fields.append(isQuoted ? try quoted(bytes) : try plain(bytes))
      guard position < end else { return true }
      switch bytes[position] {
      case 0x2C: position += 1
      case 0x0A:
        position += 1
        return true
      default:
        // A carriage return, which only a line feed may follow.
        guard position + 1 == end || bytes[position + 1] == 0x0A else {
          throw CSVError(
            reason: "a carriage return stands alone; quote the field", offset: position)
        }
        position = min(end, position + 2)
        return true
      }
    }
  }

  private mutating func plain(_ bytes: Span<UInt8>) throws(CSVError) -> CSVField {
    let start = position
    while position < end {
      let byte = bytes[position]
      if byte == 0x2C || byte == 0x0A || byte == 0x0D { break }
      if byte == 0x22 {
        throw CSVError(
          reason: "a quote inside a field that does not begin with one; quote the whole field and "
            + "double the quotes inside", offset: position)
      }
      position += 1
    }
    return CSVField(range: start..<position)
  }

  private mutating func quoted(_ bytes: Span<UInt8>) throws(CSVError) -> CSVField {
    let opening = position
    position += 1
    var field = CSVField(range: position..<position, isQuoted: true)
    while position < end {
      guard bytes[position] == 0x22 else {
        position += 1
        continue
      }
      if position + 1 < end, bytes[position + 1] == 0x22 {
        field.hasDoubledQuotes = true
        position += 2
        continue
      }
      field.range = opening + 1..<position
      position += 1
      let isEnd =
        position == end || bytes[position] == 0x2C || bytes[position] == 0x0A
        || bytes[position] == 0x0D
      guard isEnd else {
        throw CSVError(
          reason: "after a closing quote comes a comma or the end of the line", offset: position)
      }
      return field
    }
    throw CSVError(reason: "the quote that begins here has no end", offset: opening)
  }
}
