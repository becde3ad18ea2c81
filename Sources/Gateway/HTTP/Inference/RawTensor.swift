package import Inference
package import NIOCore
package import Tensors

/// A raw request: the whole body is the model's only input.
package enum RawTensor {
  /// The body as the tensor of one request of one row.
  ///
  /// - Throws: ``InferenceError`` if the model has several inputs, or more than one dimension that
  ///   the body's size would have to tell.
  package static func make(
    from body: ByteBuffer, version: ServedVersion
  ) throws(InferenceError) -> Tensor {
    guard version.inputs.count == 1 else {
      throw InferenceError(
        .invalidArgument,
        "raw binary request: model '\(version.name)' has \(version.inputs.count) inputs, a raw "
          + "request is for one; send Inference-Header-Content-Length and JSON")
    }
    let spec = version.inputs[0]
    var dimensions = spec.dimensions
    if version.maxBatchSize > 0, !dimensions.isEmpty { dimensions[0] = 1 }
    let unknown = dimensions.indices.filter { dimensions[$0] < 0 }
    guard unknown.count <= 1 else {
      throw InferenceError(
        .invalidArgument,
        "raw binary request: input '\(spec.name)' of model '\(version.name)' has "
          + "\(unknown.count) variable dimensions, at most one is possible")
    }
    guard let width = spec.elementType.byteWidth else {
      return try text(body, spec, dimensions, version)
    }
    if let axis = unknown.first {
      var row = width
      for (index, dimension) in dimensions.enumerated() where index != axis {
        row = row.multipliedReportingOverflow(by: dimension).partialValue
      }
      guard row > 0, body.readableBytes % row == 0 else {
        throw InferenceError(
          .invalidArgument,
          "raw binary request: \(body.readableBytes) bytes are not a whole number of rows of "
            + "\(row) bytes for input '\(spec.name)'")
      }
      dimensions[axis] = body.readableBytes / row
    }
    return Tensor(
      elementType: spec.elementType, shape: try shape(dimensions, spec), bytes: body)
  }

  /// One string element: the body itself.
  private static func text(
    _ body: ByteBuffer, _ spec: TensorSpec, _ dimensions: [Int], _ version: ServedVersion
  ) throws(InferenceError) -> Tensor {
    let known = dimensions.map { $0 < 0 ? 1 : $0 }
    guard known.allSatisfy({ $0 == 1 }), let length = UInt32(exactly: body.readableBytes) else {
      throw InferenceError(
        .invalidArgument,
        "raw binary request: BYTES input '\(spec.name)' of model '\(version.name)' must have one "
          + "element")
    }
    var bytes = ByteBufferAllocator().buffer(capacity: body.readableBytes + 4)
    bytes.writeInteger(length, endianness: .little)
    bytes.writeImmutableBuffer(body)
    return Tensor(elementType: .bytes, shape: try shape(known, spec), bytes: bytes)
  }

  private static func shape(
    _ dimensions: [Int], _ spec: TensorSpec
  ) throws(InferenceError) -> TensorShape {
    guard let shape = TensorShape(dimensions) else {
      throw InferenceError(
        .invalidArgument,
        "raw binary request: input '\(spec.name)' has more than \(TensorShape.rankMax) dimensions")
    }
    return shape
  }
}
