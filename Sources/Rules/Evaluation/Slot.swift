/// One register: a value, null, or a failure on its way to whoever absorbs it.
struct Slot {
  enum State: UInt8 {
    case value
    case null
    case failure
  }

  /// The value's bits; of a null and a failure, where they come from.
  var bits: UInt64
  var state: State

  @inline(__always)
  init(bits: UInt64, _ state: State = .value) {
    self.bits = bits
    self.state = state
  }

  @inline(__always)
  init(_ value: Bool) { self.init(bits: value ? 1 : 0) }

  @inline(__always)
  init(_ value: Int64) { self.init(bits: UInt64(bitPattern: value)) }

  @inline(__always)
  init(_ value: Double) { self.init(bits: value.bitPattern) }

  /// A null, from a field if one is given.
  @inline(__always)
  static func null(field: UInt16?) -> Slot {
    Slot(bits: field.map { UInt64($0) + 1 } ?? 0, .null)
  }

  /// A failure at instruction `step`; `field` is one more than the field at fault, or 0.
  @inline(__always)
  static func failure(_ reason: RuleFailure.Reason, step: Int, field: UInt64 = 0) -> Slot {
    Slot(bits: UInt64(reason.rawValue) | UInt64(step) << 8 | field << 32, .failure)
  }

  var int: Int64 { @inline(__always) get { Int64(bitPattern: bits) } }
  var double: Double { @inline(__always) get { Double(bitPattern: bits) } }
  var isTrue: Bool { @inline(__always) get { bits != 0 } }

  /// A null as the failure that it is for an operation that needs a value.
  func required(step: Int) -> Slot {
    state == .null ? .failure(.nullOperand, step: step, field: bits) : self
  }

  /// The order of two values as a bit: less 1, equal 2, greater 4, unordered (NaN) 8.
  @inline(__always)
  static func order(_ a: Int64, _ b: Int64) -> UInt8 { a < b ? 1 : a == b ? 2 : 4 }

  @inline(__always)
  static func order(_ a: Double, _ b: Double) -> UInt8 {
    a < b ? 1 : a == b ? 2 : a > b ? 4 : 8
  }

  /// Whether an order is in the mask of a relation.
  @inline(__always)
  init(order: UInt8, mask: UInt8) { self.init(order & mask != 0) }
}

/// Where the bytes of a string are: in the row or among the constants.
struct TextPlace {
  private static let constantBit: UInt64 = 1 << 31

  let bits: UInt64

  @inline(__always)
  init(bits: UInt64) { self.bits = bits }

  init(offset: Int, count: Int, isConstant: Bool) {
    bits = UInt64(offset) | (isConstant ? Self.constantBit : 0) | UInt64(count) << 32
  }

  var offset: Int { @inline(__always) get { Int(bits & (Self.constantBit - 1)) } }
  var count: Int { @inline(__always) get { Int(bits >> 32) } }
  var isConstant: Bool { @inline(__always) get { bits & Self.constantBit != 0 } }

  /// The first eight bytes as a number that orders as they do; short texts end in zeros.
  @inline(__always)
  static func prefix(of bytes: Span<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
    var result: UInt64 = 0
    let taken = min(count, 8)
    var index = 0
    while index < taken {
      result = result << 8 | UInt64(bytes[offset + index])
      index += 1
    }
    return taken == 0 ? 0 : result << UInt64(8 * (8 - taken))
  }
}
