/// How much input is read at most.
package struct InputLimits: Sendable, Equatable {
  /// Bytes of one file, and of all tensors together.
  package var bytesMax = 1 << 30
  /// Rows over all sets.
  package var rowsMax = 1_000_000

  package init() {}
}
