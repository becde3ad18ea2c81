internal import NIOCore
internal import Tensors

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

extension RandomInputs {
  /// `count` elements in wire form.
  func draw(_ count: Int, of type: ElementType, _ random: inout RandomSource) -> ByteBuffer {
    let width = type.byteWidth ?? textLength + 4
    var bytes = ByteBufferAllocator().buffer(capacity: count * width)
    for _ in 0..<count {
      switch type {
      case .bool: bytes.writeInteger(UInt8(truncatingIfNeeded: random.next() >> 63))
      case .int8, .uint8:
        bytes.writeInteger(UInt8(truncatingIfNeeded: integer(&random)))
      case .int16, .uint16:
        bytes.writeInteger(UInt16(truncatingIfNeeded: integer(&random)), endianness: .little)
      case .int32, .uint32:
        bytes.writeInteger(UInt32(truncatingIfNeeded: integer(&random)), endianness: .little)
      case .int64, .uint64:
        bytes.writeInteger(integer(&random), endianness: .little)
      case .fp16:
        let value = HalfPrecision.fp16(Float(number(&random, bits: 11)))
        bytes.writeInteger(value, endianness: .little)
      case .bf16:
        let value = HalfPrecision.bf16(Float(number(&random, bits: 8)))
        bytes.writeInteger(value, endianness: .little)
      case .fp32:
        let value = Float(number(&random, bits: 24))
        bytes.writeInteger(value.bitPattern, endianness: .little)
      case .fp64:
        bytes.writeInteger(number(&random, bits: 53).bitPattern, endianness: .little)
      case .bytes:
        bytes.writeInteger(UInt32(textLength), endianness: .little)
        for _ in 0..<textLength {
          bytes.writeInteger(UInt8(0x21 + random.next() >> 32 % 94))
        }
      }
    }
    return bytes
  }

  private func integer(_ random: inout RandomSource) -> Int64 {
    Int64.random(in: integers, using: &random)
  }

  /// Uniform numbers have no more `bits` than the type holds: rounding would make some of them 1.
  private func number(_ random: inout RandomSource, bits: UInt64) -> Double {
    switch floats {
    case .uniform: Double(random.next() >> (64 - bits)) / Double(UInt64(1) << bits)
    case .normal: normal(&random)
    }
  }

  /// The method of Box and Muller; one of its two results is left unused.
  private func normal(_ random: inout RandomSource) -> Double {
    let radius = Double(random.next() >> 11 + 1) * 0x1p-53
    let angle = Double(random.next() >> 11) * 0x1p-53
    return (-2 * log(radius)).squareRoot() * cos(2 * .pi * angle)
  }
}

/// The 16-bit forms of floating-point numbers, rounded to nearest, ties to even.
enum HalfPrecision {
  static func fp16(_ value: Float) -> UInt16 { Float16(value).bitPattern }

  /// The upper half of a `Float`; a NaN stays one.
  static func bf16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}
