internal import Rules

/// A value computed from others while a vector is made; the same online and offline.
final class Transform: Sendable {
  enum Kind: Sendable {
    /// `(x − offset) / divisor`.
    case scale(offset: Double, divisor: Double)
    /// How many boundaries are at most x.
    case bucketize([Double])
    /// One output a value, and one for all others.
    case oneHot([[UInt8]])
    /// FNV-1a over the inputs, modulo the number of buckets.
    case hash(buckets: UInt64)
    /// The number that a table has for the value.
    case lookup([[UInt8]: Double])
    case expression(Int)
  }

  let name: String
  let kind: Kind
  /// The slots it reads; of an expression, those it may read.
  let inputs: [Int]
  /// Its first slot; only one-hot has more than one.
  let firstSlot: Int
  let outputs: Int

  init(name: String, kind: Kind, inputs: [Int], firstSlot: Int, outputs: Int) {
    self.name = name
    self.kind = kind
    self.inputs = inputs
    self.firstSlot = firstSlot
    self.outputs = outputs
  }

  /// FNV-1a with 64 bits, as published by G. Fowler, L. C. Noll and K.-P. Vo.
  static let hashStart: UInt64 = 0xCBF2_9CE4_8422_2325

  @inline(__always)
  static func hash(_ byte: UInt8, after hash: UInt64) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x100_0000_01B3
  }
}
