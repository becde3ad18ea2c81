/// The element type of a tensor.
///
/// Raw values are those of `inference.DataType` in `model_config.proto`, so a configuration and
/// this type convert without a table.
package enum ElementType: UInt8, Sendable, CaseIterable, Hashable {
  case bool = 1
  case uint8 = 2
  case uint16 = 3
  case uint32 = 4
  case uint64 = 5
  case int8 = 6
  case int16 = 7
  case int32 = 8
  case int64 = 9
  case fp16 = 10
  case fp32 = 11
  case fp64 = 12
  /// Variable-length byte strings; on the wire each is `uint32` little-endian length, then bytes.
  case bytes = 13
  case bf16 = 14

  /// The name the Open Inference Protocol uses, for example `FP32`.
  package var wireName: String {
    switch self {
    case .bool: "BOOL"
    case .uint8: "UINT8"
    case .uint16: "UINT16"
    case .uint32: "UINT32"
    case .uint64: "UINT64"
    case .int8: "INT8"
    case .int16: "INT16"
    case .int32: "INT32"
    case .int64: "INT64"
    case .fp16: "FP16"
    case .fp32: "FP32"
    case .fp64: "FP64"
    case .bytes: "BYTES"
    case .bf16: "BF16"
    }
  }

  /// The name a model configuration uses, for example `TYPE_FP32` or `TYPE_STRING`.
  package var configurationName: String {
    self == .bytes ? "TYPE_STRING" : "TYPE_" + wireName
  }

  /// Bytes of one element on the wire and in memory; `nil` for `bytes`, whose elements vary.
  package var byteWidth: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .fp16, .bf16: 2
    case .uint32, .int32, .fp32: 4
    case .uint64, .int64, .fp64: 8
    case .bytes: nil
    }
  }

  /// Reads a protocol name such as `FP32`; case matters, as in the protocol.
  package init?(wireName: String) {
    guard let match = Self.allCases.first(where: { $0.wireName == wireName }) else { return nil }
    self = match
  }

  /// Reads a protocol name from its UTF-8 bytes without making a string.
  package init?(wireName: Span<UInt8>) {
    switch wireName.count {
    case 4:
      switch Self.word(wireName, 4) {
      case 0x424F_4F4C: self = .bool
      case 0x494E_5438: self = .int8
      case 0x4650_3136: self = .fp16
      case 0x4650_3332: self = .fp32
      case 0x4650_3634: self = .fp64
      case 0x4246_3136: self = .bf16
      default: return nil
      }
    case 5:
      switch Self.word(wireName, 5) {
      case 0x42_5954_4553: self = .bytes
      case 0x55_494E_5438: self = .uint8
      case 0x49_4E54_3136: self = .int16
      case 0x49_4E54_3332: self = .int32
      case 0x49_4E54_3634: self = .int64
      default: return nil
      }
    case 6:
      switch Self.word(wireName, 6) {
      case 0x5549_4E54_3136: self = .uint16
      case 0x5549_4E54_3332: self = .uint32
      case 0x5549_4E54_3634: self = .uint64
      default: return nil
      }
    default: return nil
    }
  }

  /// The first `count` bytes as one big-endian number, so that a name is one comparison.
  private static func word(_ name: Span<UInt8>, _ count: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<count { word = word << 8 | UInt64(name[index]) }
    return word
  }
}
