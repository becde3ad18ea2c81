/// Where in a registered region a tensor's bytes are.
package struct SharedMemoryPlacement: Sendable, Equatable {
  package var region: String
  /// Bytes from the start of the region.
  package var offset: Int
  /// Bytes of the tensor, at most, for an output; exactly, for an input.
  package var byteSize: Int

  package init(region: String, offset: Int, byteSize: Int) {
    self.region = region
    self.offset = offset
    self.byteSize = byteSize
  }
}
