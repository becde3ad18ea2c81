package import Features
package import NIOCore

/// Reads JSON objects, one at a time, as records of a table. Reused from request to request.
///
/// Confined to one event loop.
package final class RecordDecoder {
  /// Records taken in together.
  package static let batch = 64
  /// Bytes of the longest record.
  package static let recordBytesMax = 1 << 20

  /// Tells tables apart.
  struct Key: Hashable {
    private let store: ObjectIdentifier
    private let kind: IntakeTable.Kind

    init(_ table: IntakeTable) {
      store = ObjectIdentifier(table.store)
      kind = table.kind
    }
  }

  /// Where decoded records may be put, until the caller returns.
  package var records: [EventRecord]
  private let schema: RecordSchema
  private let wanted: Set<Int>?
  private var reader: RecordReader
  private var pending: Pending

  /// What the reader reads next.
  private final class Pending {
    var bytes = ByteBuffer()
    var isLine = true
  }

  init(_ schema: RecordSchema, wanted: Set<Int>?) {
    self.schema = schema
    self.wanted = wanted
    records = [EventRecord](repeating: EventRecord(schema), count: Self.batch)
    (reader, pending) = Self.open(schema, wanted)
  }

  private static func open(
    _ schema: RecordSchema, _ wanted: Set<Int>?
  ) -> (RecordReader, Pending) {
    let pending = Pending()
    let reader = RecordReader(.ndjson, schema, name: "", wanted: wanted) { bytes in
      guard pending.bytes.readableBytes > 0 else { return false }
      let start = bytes.count
      bytes.append(contentsOf: pending.bytes.readableBytesView)
      pending.bytes = ByteBuffer()
      if !pending.isLine {
        // The only line ends that JSON can have are white space.
        for index in start..<bytes.count where bytes[index] == 0x0A { bytes[index] = 0x20 }
      }
      bytes.append(0x0A)
      return true
    }
    return (reader, pending)
  }

  /// Decodes one object, which is not blank.
  ///
  /// - Parameters:
  ///   - isLine: whether it holds no line end.
  ///   - record: an index of ``records``.
  package func decode(
    _ object: ByteBuffer, isLine: Bool, into record: Int
  ) throws(RecordProblem) {
    guard object.readableBytes <= Self.recordBytesMax else {
      throw RecordProblem(
        input: "", line: 1, column: 0,
        message: "has \(object.readableBytes) bytes; the most is \(Self.recordBytesMax)")
    }
    pending.bytes = object
    pending.isLine = isLine
    if try reader.next(into: &records[record]) { return }
    // Blank after all: the reader has seen its end, so it goes.
    (reader, pending) = Self.open(schema, wanted)
    throw RecordProblem(
      input: "", line: 1, column: 0, message: "expected an object: {…}")
  }
}
