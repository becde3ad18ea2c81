extension Program {
  /// The order of two strings by code points, which is that of their bytes; the first `skipped`
  /// bytes are known to be equal.
  func order(
    _ a: TextPlace, _ b: TextPlace, _ row: Span<UInt8>, skipped: Int = 0
  ) -> UInt8 {
    let constant = self.bytes.span
    let left = (a.isConstant ? constant : row).extracting(a.offset..<a.offset + a.count)
    let right = (b.isConstant ? constant : row).extracting(b.offset..<b.offset + b.count)
    let shared = min(a.count, b.count)
    var index = skipped
    while index < shared {
      if left[index] != right[index] { return left[index] < right[index] ? 1 : 4 }
      index += 1
    }
    return Slot.order(Int64(a.count), Int64(b.count))
  }

  /// A field with a constant: most differ, or are whole, within their first eight bytes.
  func compareFieldText(
    _ at: Instruction, _ values: Span<UInt64>, _ row: Span<UInt8>
  ) -> Slot {
    let place = TextPlace(bits: values[Int(at.field)])
    let constant = TextPlace(bits: constants[Int(at.operand) + 1])
    if place.count != constant.count, at.right == 2 || at.right == 13 {
      return Slot(at.right == 13)
    }
    let prefix = prefix(of: place, row)
    return Slot(
      order: order(place, prefix, constant, constants[Int(at.operand)], row), mask: at.right)
  }

  @inline(__always)
  private func order(
    _ a: TextPlace, _ aPrefix: UInt64, _ b: TextPlace, _ bPrefix: UInt64, _ row: Span<UInt8>
  ) -> UInt8 {
    if aPrefix != bPrefix { return aPrefix < bPrefix ? 1 : 4 }
    let skipped = min(8, a.count, b.count)
    return skipped < 8
      ? Slot.order(Int64(a.count), Int64(b.count)) : order(a, b, row, skipped: skipped)
  }

  @inline(__always)
  private func prefix(of place: TextPlace, _ row: Span<UInt8>) -> UInt64 {
    place.isConstant
      ? TextPlace.prefix(of: bytes.span, place.offset, place.count)
      : TextPlace.prefix(of: row, place.offset, place.count)
  }

  /// Whether a value is in a table, by binary search.
  func member(_ at: Instruction, _ value: Slot, _ row: Span<UInt8>) -> Slot {
    guard value.state == .value else {
      return value.state == .failure ? value : Slot(constants[Int(at.operand) + 1] == 1)
    }
    let table = constants.span
    let start = Int(at.operand) + 2
    var low = 0
    var high = Int(table[start - 2])
    let place = TextPlace(bits: value.bits)
    let prefix = at.operation == .memberText ? prefix(of: place, row) : 0
    while low < high {
      let middle = (low + high) / 2
      let order: UInt8
      switch at.operation {
      case .memberInt:
        order = Slot.order(value.int, Int64(bitPattern: table[start + middle]))
      case .memberDouble:
        order = Slot.order(value.double, Double(bitPattern: table[start + middle]))
      default:
        let entry = start + 2 * middle
        order = self.order(place, prefix, TextPlace(bits: table[entry + 1]), table[entry], row)
      }
      if order == 2 { return Slot(true) }
      // NaN is in no order: it ends up at one end and equals nothing there.
      if order == 1 { high = middle } else { low = middle + 1 }
    }
    return Slot(false)
  }

  func hasEnd(
    _ operation: Operation, _ text: TextPlace, _ part: TextPlace, _ row: Span<UInt8>
  ) -> Bool {
    guard part.count <= text.count else { return false }
    let skipped = operation == .startsWith ? 0 : text.count - part.count
    let end = TextPlace(
      offset: text.offset + skipped, count: part.count, isConstant: text.isConstant)
    return order(end, part, row) == 2
  }

  /// A function of one string.
  func ofText(
    _ at: Instruction, _ place: TextPlace, _ row: Span<UInt8>, step: Int
  ) -> Slot {
    let constant = bytes.span
    func byte(_ index: Int) -> UInt8 {
      place.isConstant ? constant[place.offset + index] : row[place.offset + index]
    }
    switch at.operation {
    case .size:
      var count: Int64 = 0
      for index in 0..<place.count where byte(index) & 0xC0 != 0x80 { count += 1 }
      return Slot(count)
    case .contains:
      return Slot(contains(Int(at.operand), count: place.count, byte))
    case .intOfString:
      return Self.int(count: place.count, byte).map { Slot($0) }
        ?? .failure(.conversionOfText, step: step)
    default:
      return Self.bool(count: place.count, byte).map { Slot($0) }
        ?? .failure(.conversionOfText, step: step)
    }
  }

  /// Searches in one pass, after Knuth, Morris and Pratt.
  private func contains(_ needle: Int, count: Int, _ byte: (Int) -> UInt8) -> Bool {
    let place = TextPlace(bits: constants[needle + 1])
    if place.count == 0 { return true }
    var matched = 0
    for index in 0..<count {
      let next = byte(index)
      while matched > 0, next != bytes[place.offset + matched] {
        matched = Int(constants[needle + 1 + matched])
      }
      if next == bytes[place.offset + matched] { matched += 1 }
      if matched == place.count { return true }
    }
    return false
  }

  /// Decimal digits with an optional sign, as `int('-12')`.
  private static func int(count: Int, _ byte: (Int) -> UInt8) -> Int64? {
    guard count > 0 else { return nil }
    let isNegative = byte(0) == UInt8(ascii: "-")
    let start = isNegative || byte(0) == UInt8(ascii: "+") ? 1 : 0
    guard start < count else { return nil }
    var value: Int64 = 0
    for index in start..<count {
      guard Lexer.isDigit(byte(index)) else { return nil }
      let digit = Int64(byte(index) - UInt8(ascii: "0"))
      let shifted = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = shifted.partialValue.addingReportingOverflow(
        isNegative ? -digit : digit)
      guard !shifted.overflow, !overflow else { return nil }
      value = sum
    }
    return value
  }

  /// The spellings that CEL knows.
  private static func bool(count: Int, _ byte: (Int) -> UInt8) -> Bool? {
    guard count > 0, count <= 5 else { return nil }
    var word: UInt64 = 0
    for index in 0..<count { word = word << 8 | UInt64(byte(index)) }
    switch word {
    case 0x7472_7565, 0x5472_7565, 0x5452_5545, 0x74, 0x31: return true  // true True TRUE t 1
    case 0x66_616C_7365, 0x46_616C_7365, 0x46_414C_5345, 0x66, 0x30: return false  // false … f 0
    default: return nil
    }
  }
}
