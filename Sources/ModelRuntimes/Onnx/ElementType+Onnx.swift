internal import Tensors

extension ElementType {
  /// The element type with this number in ONNX; `nil` for one we do not serve.
  init?(onnxNumber: Int32) {
    switch onnxNumber {
    case 1: self = .fp32
    case 2: self = .uint8
    case 3: self = .int8
    case 4: self = .uint16
    case 5: self = .int16
    case 6: self = .int32
    case 7: self = .int64
    case 8: self = .bytes
    case 9: self = .bool
    case 10: self = .fp16
    case 11: self = .fp64
    case 12: self = .uint32
    case 13: self = .uint64
    case 16: self = .bf16
    default: return nil
    }
  }

  /// The number of this element type in ONNX.
  var onnxNumber: Int32 {
    switch self {
    case .fp32: 1
    case .uint8: 2
    case .int8: 3
    case .uint16: 4
    case .int16: 5
    case .int32: 6
    case .int64: 7
    case .bytes: 8
    case .bool: 9
    case .fp16: 10
    case .fp64: 11
    case .uint32: 12
    case .uint64: 13
    case .bf16: 16
    }
  }
}
