internal import NIOCore
package import Tensors

/// The inputs of one request, by name.
package typealias NamedTensors = [(name: String, tensor: Tensor)]

/// The inputs of several requests, which are sent in turn.
package struct InputSet: Sendable {
  /// Never empty. Each holds what one request sends, batch dimension included.
  package var sets: [NamedTensors]
  /// Where they come from, for reports: `64 random sets, seed 1`.
  package var origin: String

  package init(sets: [NamedTensors], origin: String) {
    self.sets = sets
    self.origin = origin
  }

  /// Bytes of all tensors.
  package var byteCount: Int {
    sets.reduce(0) { sum, set in sum + set.reduce(0) { $0 + $1.tensor.bytes.readableBytes } }
  }

  /// Rows of one request if the model counts them and all sets have as many, else 1: what a
  /// request rate is multiplied with for rows a second.
  package func rowsPerRequest(of model: ModelDescription) -> Int {
    guard model.countsRows else { return 1 }
    var rows: Int?
    for set in sets {
      guard let shape = set.first?.tensor.shape, shape.rank > 0 else { return 1 }
      if let rows, rows != shape[0] { return 1 }
      rows = shape[0]
    }
    return rows ?? 1
  }
}
