extension JSONCursor {
  /// Moves past one value of any kind and checks it; never recurses.
  ///
  /// - Parameter depthMax: arrays and objects inside each other; more is an error.
  package mutating func skipValue(_ bytes: Span<UInt8>, depthMax: Int) throws(JSONError) {
    // One bit for each open container: set for an object. 64 levels at most are kept.
    var objects: UInt64 = 0
    var depth = 0
    let depthMax = min(depthMax, 64)
    while true {
      switch peek(bytes) {
      case 0x7B, 0x5B:
        guard depth < depthMax else {
          throw JSONError(
            "more than \(depthMax) arrays and objects inside each other", at: position)
        }
        let isObject = bytes[position] == 0x7B
        position += 1
        depth += 1
        objects = objects << 1 | (isObject ? 1 : 0)
        if skip(isObject ? 0x7D : 0x5D, bytes) {
          depth -= 1
          objects >>= 1
        } else {
          if isObject { try skipKey(bytes) }
          continue
        }
      case 0x22: _ = try string(bytes)
      case 0x74: try literal("true", bytes)
      case 0x66: try literal("false", bytes)
      case 0x6E: try literal("null", bytes)
      default: _ = try number(bytes)
      }
      // After a value: close what ends here, then go on to the next member.
      while depth > 0 {
        let isObject = objects & 1 == 1
        if skip(isObject ? 0x7D : 0x5D, bytes) {
          depth -= 1
          objects >>= 1
          continue
        }
        try expect(0x2C, bytes)
        if isObject { try skipKey(bytes) }
        break
      }
      if depth == 0 { return }
    }
  }

  private mutating func skipKey(_ bytes: Span<UInt8>) throws(JSONError) {
    _ = try string(bytes)
    try expect(0x3A, bytes)
  }
}
