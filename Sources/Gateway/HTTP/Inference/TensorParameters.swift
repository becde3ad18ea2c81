/// The `parameters` of one input or output.
struct TensorParameters {
  /// `binary_data`.
  var isBinary: Bool?
  /// `binary_data_size`.
  var binarySize: Int?
  /// `classification`; 0 for none.
  var classes = 0
  var region: JSONText?
  var offset: UInt64?
  var byteSize: UInt64?

  /// Reads the object at the cursor; unknown parameters are read over.
  mutating func read(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>, depthMax: Int)
    throws(JSONError)
  {
    var isFirst = true
    while let key = try cursor.nextKey(bytes, &isFirst) {
      if key.equals("binary_data", in: bytes) {
        isBinary = try cursor.bool(bytes)
      } else if key.equals("binary_data_size", in: bytes) {
        binarySize = try size(&cursor, bytes, "binary_data_size")
      } else if key.equals("classification", in: bytes) {
        classes = try size(&cursor, bytes, "classification")
      } else if key.equals("shared_memory_region", in: bytes) {
        region = try cursor.string(bytes)
      } else if key.equals("shared_memory_offset", in: bytes) {
        offset = UInt64(try size(&cursor, bytes, "shared_memory_offset"))
      } else if key.equals("shared_memory_byte_size", in: bytes) {
        byteSize = UInt64(try size(&cursor, bytes, "shared_memory_byte_size"))
      } else {
        try cursor.skipValue(bytes, depthMax: depthMax)
      }
    }
  }

  private func size(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ name: String)
    throws(JSONError) -> Int
  {
    let number = try cursor.number(bytes)
    guard let value = number.integer(as: Int.self), value >= 0 else {
      throw JSONError("'\(name)' must be a whole number of at least 0", at: number.range.lowerBound)
    }
    return value
  }
}
