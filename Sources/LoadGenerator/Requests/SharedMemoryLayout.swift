internal import NIOCore
internal import Tensors

/// Where tensors lie in shared memory: one region for all inputs, one for the outputs.
package struct SharedMemoryLayout: Sendable, Equatable {
  /// One tensor's place.
  package struct Slot: Sendable, Equatable {
    /// The tensor's name.
    package var name: String
    /// The region's name, as it is registered.
    package var region: String
    /// Bytes from the region's start; a multiple of ``SharedMemoryLayout/alignment``.
    package var offset: Int
    package var byteSize: Int
  }

  /// Bytes: a cache line, so that no two tensors share one.
  static let alignment = 64

  /// The name of the region that holds inputs, and of the one for outputs.
  package var inputRegion: String
  package var outputRegion: String
  /// By set, then by input.
  package var inputs: [[Slot]] = []
  package var outputs: [Slot] = []
  /// Bytes of each region; 0 if there is none.
  package var inputBytes = 0
  package var outputBytes = 0

  /// Places the inputs of all sets, and room for the given outputs.
  ///
  /// All requests share the outputs' room: what is written there is never read.
  ///
  /// - Parameters:
  ///   - name: the regions' names begin with this.
  ///   - outputs: each output's name and bytes, at least 1.
  package init(
    _ inputs: InputSet, outputs: [(name: String, byteSize: Int)], name: String
  ) throws(BenchInputError) {
    inputRegion = name + "-in"
    outputRegion = name + "-out"
    for set in inputs.sets {
      var slots: [Slot] = []
      for input in set {
        let size = input.tensor.bytes.readableBytes
        slots.append(
          Slot(name: input.name, region: inputRegion, offset: inputBytes, byteSize: size))
        inputBytes += Self.aligned(size)
      }
      self.inputs.append(slots)
    }
    for output in outputs {
      guard (1...(1 << 30)).contains(output.byteSize) else {
        throw BenchInputError(
          "shared memory for output '\(output.name)': \(output.byteSize) bytes; use 1 to "
            + "\(1 << 30)")
      }
      self.outputs.append(
        Slot(
          name: output.name, region: outputRegion, offset: outputBytes, byteSize: output.byteSize))
      outputBytes += Self.aligned(output.byteSize)
    }
    guard inputBytes <= InputLimits().bytesMax + (1 << 27), outputBytes <= 1 << 31 else {
      throw BenchInputError(
        "shared memory of \(inputBytes) bytes for inputs and \(outputBytes) for outputs is too "
          + "much; use fewer sets or smaller outputs")
    }
  }

  private static func aligned(_ size: Int) -> Int {
    (size + alignment - 1) / alignment * alignment
  }
}
