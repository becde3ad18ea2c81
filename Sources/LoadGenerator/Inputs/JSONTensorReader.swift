internal import Gateway
internal import NIOCore
internal import Tensors

/// Reads one input's values from JSON.
struct JSONTensorReader {
  static let depthMax = 64
  let model: ModelDescription

  init(_ model: ModelDescription) { self.model = model }

  /// Elements in wire form, before their shape is known.
  struct Elements {
    var bytes: ByteBuffer
    var count: Int
  }

  /// Reads the values of an input whose name stood before them.
  func value(
    of spec: TensorSpec, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(JSONError) -> Tensor {
    let first = cursor.peek(bytes)
    let start = cursor.position
    var given: TensorShape?
    let elements: Elements
    if first == 0x7B {
      elements = try object(of: spec, &cursor, bytes, &given)
    } else {
      elements = try self.elements(of: spec, &cursor, bytes)
    }
    return try tensor(elements, spec, given, at: start)
  }

  /// Reads one element of a request's `inputs`.
  func input(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(JSONError) -> (name: String, tensor: Tensor) {
    _ = cursor.peek(bytes)
    let start = cursor.position
    var spec: TensorSpec?
    var shape: TensorShape?
    var dataPosition: Int?
    var elements: Elements?
    var isFirst = true
    while let key = try cursor.nextKey(bytes, &isFirst) {
      _ = cursor.peek(bytes)
      let position = cursor.position
      if key.equals("name", in: bytes) {
        let name = try cursor.string(bytes).string(in: bytes)
        spec = try mismatch(at: position) { () throws(InputMismatch) in try model.spec(of: name) }
      } else if key.equals("shape", in: bytes) {
        shape = try cursor.shape(bytes)
      } else if key.equals("datatype", in: bytes) {
        try checkType(&cursor, bytes, spec)
      } else if key.equals("data", in: bytes) {
        dataPosition = position
        if let spec {
          elements = try self.elements(of: spec, &cursor, bytes)
        } else {
          try cursor.skipValue(bytes, depthMax: Self.depthMax)
        }
      } else if key.equals("parameters", in: bytes) {
        try checkParameters(&cursor, bytes)
      } else {
        try cursor.skipValue(bytes, depthMax: Self.depthMax)
      }
    }
    guard let spec else { throw JSONError("an input has no 'name'", at: start) }
    guard let dataPosition else {
      throw JSONError("input '\(spec.name)' has no 'data'", at: start)
    }
    guard let shape else { throw JSONError("input '\(spec.name)' has no 'shape'", at: start) }
    let values: Elements
    if let elements {
      values = elements
    } else {
      var data = JSONCursor(dataPosition..<cursor.end)
      values = try self.elements(of: spec, &data, bytes)
    }
    guard shape.elementCount == values.count else {
      throw JSONError(
        "input '\(spec.name)' has \(values.count) values and says the shape \(shape)",
        at: dataPosition)
    }
    return (
      spec.name, Tensor(elementType: spec.elementType, shape: shape, bytes: values.bytes)
    )
  }

  /// Where the type stands before the name, the check of the finished request has to do.
  private func checkType(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ spec: TensorSpec?
  ) throws(JSONError) {
    let text = try cursor.string(bytes)
    let name = text.string(in: bytes)
    guard let type = ElementType(wireName: name) else {
      throw JSONError(
        "'\(ServerText.clip(name))' is no datatype; use for example 'FP32'",
        at: text.range.lowerBound)
    }
    if let spec, spec.elementType != type {
      throw JSONError(
        "input '\(spec.name)' is \(type.wireName), model '\(model.name)' expects "
          + spec.elementType.wireName, at: text.range.lowerBound)
    }
  }

  private func checkParameters(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>)
    throws(JSONError)
  {
    var isFirst = true
    while let key = try cursor.nextKey(bytes, &isFirst) {
      if key.equals("binary_data_size", in: bytes) || key.equals("shared_memory_region", in: bytes)
      {
        throw JSONError(
          "the values of an input must stand in 'data'; the requests may still be sent as binary",
          at: key.range.lowerBound)
      }
      try cursor.skipValue(bytes, depthMax: Self.depthMax)
    }
  }
}
