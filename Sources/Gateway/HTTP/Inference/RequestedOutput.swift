/// One output that an inference asks for, and in which form.
package struct RequestedOutput: Sendable, Equatable {
  /// Index into the model's outputs.
  package var index: Int
  /// Whether its bytes follow the JSON.
  package var isBinary: Bool
  /// How many of the highest classes to answer; 0 answers the tensor itself.
  package var classes = 0
  /// The shared memory to write it to, instead of answering it.
  package var placement: SharedMemoryPlacement?

  package init(index: Int, isBinary: Bool) {
    self.index = index
    self.isBinary = isBinary
  }
}
