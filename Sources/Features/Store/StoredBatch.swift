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

  /// The entry with the records that ``append(_:_:to:)`` wrote.
  func bytes(_ records: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(records.count + 48)
    bytes.store(table.map { UInt16($0) } ?? Self.mark)
    bytes.store(now)
    bytes.store(expiresBefore)
    bytes.store(expiryBudget)
    for number in [refused.duplicate, refused.late, refused.future, refused.refused] {
      bytes.store(UInt32(clamping: number))
    }
    bytes.store(count)
    bytes.append(contentsOf: records)
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
    bytes.store(record.time)
    bytes.store(record.present)
    let id = record.text[record.idPlace.range]
    bytes.store(UInt32(id.count))
    bytes.append(contentsOf: id)
    for field in record.types.indices where record.has(field) {
      if record.isText(field) {
        let text = record.text[record.places[field].range]
        bytes.store(UInt32(text.count))
        bytes.append(contentsOf: text)
      } else {
        bytes.store(record.bits[field])
      }
    }
  }
}
