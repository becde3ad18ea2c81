package import Inference

/// Rules for request parameters that HTTP and gRPC share.
package enum RequestParameters {
  /// The `priority` parameter as a draft takes it: 0 is the model's default, 1 the most urgent.
  package static func priority(_ value: UInt64) -> Int { Int(clamping: value) }

  /// The `timeout` parameter in microseconds; 0 is none.
  ///
  /// - Throws: ``InferenceError`` for a negative one.
  package static func timeout(microseconds: Int64) throws(InferenceError) -> Int64 {
    guard microseconds >= 0 else {
      throw InferenceError(
        .invalidArgument,
        "parameter 'timeout' is in microseconds and at least 0, got \(microseconds)")
    }
    return microseconds
  }

  /// The placement that a tensor's shared memory parameters describe; `nil` if they name none.
  ///
  /// - Throws: ``InferenceError`` if only some of them are given.
  package static func placement(
    region: String?, offset: UInt64?, byteSize: UInt64?, tensor: String
  ) throws(InferenceError) -> SharedMemoryPlacement? {
    guard let region else {
      guard offset == nil, byteSize == nil else {
        throw InferenceError(
          .invalidArgument,
          "'shared_memory_region' must be specified along with 'shared_memory_byte_size' for "
            + "'\(tensor)'")
      }
      return nil
    }
    guard let byteSize else {
      throw InferenceError(
        .invalidArgument,
        "'shared_memory_byte_size' must be specified along with 'shared_memory_region' for "
          + "'\(tensor)'")
    }
    guard let size = Int(exactly: byteSize), let start = Int(exactly: offset ?? 0) else {
      throw InferenceError(
        .invalidArgument,
        "shared memory offset \(offset ?? 0) or byte size \(byteSize) for '\(tensor)' is too large")
    }
    return SharedMemoryPlacement(region: region, offset: start, byteSize: size)
  }
}
