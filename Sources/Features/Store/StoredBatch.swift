/// One entry of the log: records of one kind that changed the state together, and what else did.
struct StoredBatch {
  /// An index of the tables of ``LogSchema``; `nil` for the mark of a store that was closed.
  var table: Int?
  /// What was taken for the present.
  var now: Int64 = 0
  /// What was forgotten after the records; a budget of 0 is nothing.
  var expiresBefore: Int64 = 0
  var expiryBudget: UInt32 = 0
  /// Records refused since the last batch.
  var refused = IngestCounts()
  var count: UInt32 = 0

  private static let mark = UInt16.max

  /// The mark that a store was closed; it also lets any damage to what lies before it be found.
  static var closing: [UInt8] { StoredBatch().bytes([]) }

  /// Bytes of an entry before its records.
  private static let headBytes = 42

  /// The entry with the records that ``append(_:_:to:)`` wrote.
  func bytes(_ records: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.headBytes + records.count)
    var writer = StoredWriter(place: 0)
    var span = bytes.mutableSpan
    writer.put(table.map { UInt16($0) } ?? Self.mark, into: &span)
    writer.put(now, into: &span)
    writer.put(expiresBefore, into: &span)
    writer.put(expiryBudget, into: &span)
    writer.put(UInt32(clamping: refused.duplicate), into: &span)
    writer.put(UInt32(clamping: refused.late), into: &span)
    writer.put(UInt32(clamping: refused.future), into: &span)
    writer.put(UInt32(clamping: refused.refused), into: &span)
    writer.put(count, into: &span)
    writer.put(records.span, into: &span)
    return bytes
  }

  /// Reads what ``bytes(_:)`` wrote, up to the records.
  init(reading reader: inout StoredBytes) throws(StoredBytes.Short) {
    let table = try reader.read(UInt16.self)
    self.table = table == Self.mark ? nil : Int(table)
    now = try reader.read(Int64.self)
    expiresBefore = try reader.read(Int64.self)
    expiryBudget = try reader.read(UInt32.self)
    refused.duplicate = Int(try reader.read(UInt32.self))
    refused.late = Int(try reader.read(UInt32.self))
    refused.future = Int(try reader.read(UInt32.self))
    refused.refused = Int(try reader.read(UInt32.self))
    count = try reader.read(UInt32.self)
  }

  init() {}

  /// Bytes that a record takes, at most.
  static func size(_ record: borrowing EventRecord) -> Int {
    24 + record.text.count + 12 * record.types.count
  }

  /// Appends one record: time, id, and the fields that it has.
  static func append(_ record: borrowing EventRecord, to bytes: inout [UInt8]) {
    var writer = StoredWriter(place: bytes.count)
    bytes.append(contentsOf: repeatElement(0, count: exactSize(record)))
    var span = bytes.mutableSpan
    let text = record.text.span
    writer.put(record.time, into: &span)
    writer.put(record.present, into: &span)
    writer.put(UInt32(record.idPlace.count), into: &span)
    writer.put(text.extracting(record.idPlace.range), into: &span)
    for field in record.types.indices where record.has(field) {
      if record.isText(field) {
        writer.put(UInt32(record.places[field].count), into: &span)
        writer.put(text.extracting(record.places[field].range), into: &span)
      } else {
        writer.put(record.bits[field], into: &span)
      }
    }
  }

  private static func exactSize(_ record: borrowing EventRecord) -> Int {
    var size = 20 + Int(record.idPlace.count)
    for field in record.types.indices where record.has(field) {
      size += record.isText(field) ? 4 + Int(record.places[field].count) : 8
    }
    return size
  }
}
