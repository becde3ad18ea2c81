package import Inference
internal import NIOCore
package import Tensors

/// The classification extension: the highest values of an output, each with its index and label.
package enum Classification {
  /// Classes of one output's answer: each is a text, with a label perhaps.
  private static let classesMax = 1 << 20

  /// Turns an output into `BYTES` elements `value:index` or `value:index:label`, highest first.
  ///
  /// - Parameters:
  ///   - count: how many of the highest to give, at least 1; fewer if the output has fewer.
  ///   - output: the signature index, for labels.
  /// - Returns: a tensor `[batch, k]`, or `[k]` for a model without batches.
  /// - Throws: ``InferenceError`` for a type that has no order, or a count below 1.
  package static func encode(
    _ tensor: Tensor, top count: Int, version: ServedVersion, output: Int
  ) throws(InferenceError) -> Tensor {
    let spec = version.outputs[output]
    guard count >= 1 else {
      throw InferenceError(
        .invalidArgument,
        "classification of output '\(spec.name)' must be at least 1, got \(count)")
    }
    guard let width = tensor.elementType.byteWidth, tensor.elementType != .bool else {
      throw InferenceError(
        .invalidArgument,
        "class result not available for output '\(spec.name)' of type "
          + "'\(tensor.elementType.wireName)'")
    }
    let elements = tensor.bytes.readableBytes / width
    let batches = version.maxBatchSize > 0 && tensor.shape.rank > 0
    let rows = batches ? tensor.shape[0] : 1
    let rowElements = rows == 0 ? 0 : elements / rows
    let top = min(count, rowElements)
    guard top == 0 || rows <= classesMax / top else {
      throw InferenceError(
        .invalidArgument,
        "classification of output '\(spec.name)' asks for \(top) classes of \(rows) rows, at most "
          + "\(classesMax) in all are given; ask for fewer")
    }
    var bytes = ByteBuffer()
    for row in 0..<(top == 0 ? 0 : rows) {
      append(
        top, of: tensor, from: row * rowElements, count: rowElements, to: &bytes
      ) { version.label(output: output, index: $0) }
    }
    let shape: TensorShape = batches ? [rows, top] : [top]
    return Tensor(elementType: .bytes, shape: shape, bytes: bytes)
  }

  private static func isBefore(
    _ a: (value: Double, index: Int), _ b: (value: Double, index: Int)
  ) -> Bool {
    a.value > b.value || a.value == b.value && a.index < b.index
  }

  private static func append(
    _ top: Int, of tensor: Tensor, from start: Int, count: Int, to bytes: inout ByteBuffer,
    label: (Int) -> String?
  ) {
    let reader = ElementReader(tensor)
    // NaN counts as the lowest; equal values keep their order.
    var keys: [(value: Double, index: Int)] = []
    // Twice the answer is kept at most, so that a few classes of many need no full sort.
    let kept = max(64, top * 2)
    keys.reserveCapacity(min(count, kept))
    for index in 0..<count {
      let value = reader.value(at: start + index)
      keys.append((value.isNaN ? -.infinity : value, index))
      if keys.count == kept {
        keys.sort(by: Self.isBefore)
        keys.removeLast(kept - top)
      }
    }
    keys.sort(by: Self.isBefore)
    for key in keys.prefix(top) {
      var text = "\(reader.text(at: start + key.index)):\(key.index)"
      if let label = label(key.index) { text += ":\(label)" }
      BytesElements.append(text.utf8, to: &bytes)
    }
  }
}

/// Reads single elements of a fixed-width tensor.
private struct ElementReader {
  private let tensor: Tensor

  init(_ tensor: Tensor) { self.tensor = tensor }

  private func integer<T: FixedWidthInteger>(_ index: Int, as type: T.Type) -> T {
    let place = tensor.bytes.readerIndex + index * MemoryLayout<T>.size
    return tensor.bytes.getInteger(at: place, endianness: .little, as: type) ?? 0
  }

  /// The element as a number for comparing.
  func value(at index: Int) -> Double {
    switch tensor.elementType {
    case .bool, .uint8: Double(integer(index, as: UInt8.self))
    case .uint16: Double(integer(index, as: UInt16.self))
    case .uint32: Double(integer(index, as: UInt32.self))
    case .uint64: Double(integer(index, as: UInt64.self))
    case .int8: Double(integer(index, as: Int8.self))
    case .int16: Double(integer(index, as: Int16.self))
    case .int32: Double(integer(index, as: Int32.self))
    case .int64: Double(integer(index, as: Int64.self))
    case .fp16: Double(half(integer(index, as: UInt16.self)))
    case .bf16: Double(Float(bitPattern: UInt32(integer(index, as: UInt16.self)) << 16))
    case .fp32: Double(Float(bitPattern: integer(index, as: UInt32.self)))
    case .fp64: Double(bitPattern: integer(index, as: UInt64.self))
    case .bytes: 0
    }
  }

  /// The element as text, shortest form that reads back the same.
  func text(at index: Int) -> String {
    switch tensor.elementType {
    case .uint64: String(integer(index, as: UInt64.self))
    case .bool, .uint8, .uint16, .uint32, .int8, .int16, .int32, .int64:
      String(
        tensor.elementType == .int64
          ? integer(index, as: Int64.self) : Int64(value(at: index)))
    case .fp64: "\(value(at: index))"
    case .fp16, .bf16, .fp32: "\(Float(value(at: index)))"
    case .bytes: ""
    }
  }

  /// IEEE half precision; spelled out, as the type is missing on some platforms.
  private func half(_ bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      let scale = Float(sign: .plus, exponent: exponent - 25, significand: 1)
      return sign * (1024 + fraction) * scale
    }
  }
}
