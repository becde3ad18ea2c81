/// One file of the log: `NTEVLOG1`, the length and checksum of its schema, the schema, frames.
struct LogSegment {
  static let magic = Array("NTEVLOG1".utf8)
  private static let prefix = "events-"
  private static let suffix = ".log"

  /// The sequence of its first frame.
  let first: UInt64

  var name: String { Self.prefix + Self.digits(first) + Self.suffix }

  init(first: UInt64) { self.first = first }

  /// The segment of a file; `nil` for other files.
  init?(name: String) {
    guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix),
      let first = UInt64(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count))
    else { return nil }
    self.first = first
  }

  /// Twenty digits, so that names sort as numbers do.
  static func digits(_ number: UInt64) -> String {
    let text = String(number)
    return String(repeating: "0", count: 20 - text.count) + text
  }

  /// The segments of a folder, oldest first.
  static func all(in storage: any StoreStorage) throws(StorageError) -> [LogSegment] {
    try storage.names().compactMap { LogSegment(name: $0) }.sorted { $0.first < $1.first }
  }

  /// What a file starts with.
  static func header(_ schema: LogSchema) -> [UInt8] {
    let text = schema.bytes
    var bytes = magic
    bytes.store(UInt32(text.count))
    bytes.store(Checksum.crc32(text[...]))
    bytes += text
    return bytes
  }

  /// The schema at the start of a file and where the frames begin; `nil` if it is not whole.
  static func readHeader(_ bytes: [UInt8]) -> (schema: LogSchema, end: Int)? {
    guard bytes.starts(with: magic) else { return nil }
    var reader = StoredBytes(bytes[magic.count...])
    do throws(StoredBytes.Short) {
      let count = Int(try reader.read(UInt32.self))
      let checksum = try reader.read(UInt32.self)
      let text = try reader.read(count: count)
      guard Checksum.crc32(text) == checksum else { return nil }
      return (try LogSchema(reading: text), reader.position)
    } catch {
      return nil
    }
  }
}
