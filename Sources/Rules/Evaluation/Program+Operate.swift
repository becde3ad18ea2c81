// Rounding and square roots are functions of the C library, which this import links.
#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

extension Program {
  /// An instruction over registers, other than those of ``run(values:present:bytes:)`` itself.
  @inline(__always)
  func operate(
    _ at: Instruction, _ left: Slot, _ registers: borrowing MutableSpan<Slot>,
    _ bytes: Span<UInt8>, step: Int
  ) -> Slot {
    switch at.operation {
    case .compareInt, .compareDouble, .compareText:
      let right = registers[Int(at.right)]
      guard left.state == .value, right.state == .value else {
        return Self.comparedWithout(left, right, mask: UInt8(at.operand), step: step)
      }
      let order =
        switch at.operation {
        case .compareInt: Slot.order(left.int, right.int)
        case .compareDouble: Slot.order(left.double, right.double)
        default: order(TextPlace(bits: left.bits), TextPlace(bits: right.bits), bytes)
        }
      return Slot(order: order, mask: UInt8(at.operand))
    case .memberInt, .memberDouble, .memberText:
      return member(at, left, bytes)
    case .addInt, .subtractInt, .multiplyInt, .divideInt, .moduloInt, .addDouble,
      .subtractDouble, .multiplyDouble, .divideDouble, .greatestInt, .leastInt, .greatestDouble,
      .leastDouble:
      let right = registers[Int(at.right)]
      guard left.state == .value, right.state == .value else {
        return Self.firstFault(left, right, step: step)
      }
      return Self.calculate(at.operation, left, right, step: step)
    case .startsWith, .endsWith:
      let right = registers[Int(at.right)]
      guard left.state == .value, right.state == .value else {
        return Self.firstFault(left, right, step: step)
      }
      let places = (TextPlace(bits: left.bits), TextPlace(bits: right.bits))
      return Slot(hasEnd(at.operation, places.0, places.1, bytes))
    case .widen where left.state == .null:
      return left
    default:
      guard left.state == .value else { return left.required(step: step) }
      return unary(at, left, bytes, step: step)
    }
  }

  /// The first of two operands that has no value, as a failure.
  private static func firstFault(_ left: Slot, _ right: Slot, step: Int) -> Slot {
    (left.state == .failure || right.state == .value || right.state == .null && left.state == .null
      ? left : right.state == .failure ? right : left.state == .null ? left : right)
      .required(step: step)
  }

  /// A relation of which one operand at least has no value.
  private static func comparedWithout(
    _ left: Slot, _ right: Slot, mask: UInt8, step: Int
  ) -> Slot {
    if left.state == .failure { return left }
    if right.state == .failure { return right }
    return .comparedNull(mask: mask, areBoth: left.state == .null && right.state == .null)
      ?? firstFault(left, right, step: step)
  }

  private static func calculate(
    _ operation: Operation, _ left: Slot, _ right: Slot, step: Int
  ) -> Slot {
    switch operation {
    case .addInt: checked(left.int.addingReportingOverflow(right.int), step)
    case .subtractInt: checked(left.int.subtractingReportingOverflow(right.int), step)
    case .multiplyInt: checked(left.int.multipliedReportingOverflow(by: right.int), step)
    case .divideInt:
      right.int == 0
        ? .failure(.divisionByZero, step: step)
        : checked(left.int.dividedReportingOverflow(by: right.int), step)
    case .moduloInt:
      right.int == 0
        ? .failure(.moduloByZero, step: step)
        : checked(left.int.remainderReportingOverflow(dividingBy: right.int), step)
    case .addDouble: Slot(left.double + right.double)
    case .subtractDouble: Slot(left.double - right.double)
    case .multiplyDouble: Slot(left.double * right.double)
    case .divideDouble: Slot(left.double / right.double)
    case .greatestInt: right.int > left.int ? right : left
    case .leastInt: right.int < left.int ? right : left
    case .greatestDouble: right.double > left.double ? right : left
    default: right.double < left.double ? right : left
    }
  }

  @inline(__always)
  static func checked(_ result: (partialValue: Int64, overflow: Bool), _ step: Int) -> Slot {
    result.overflow ? .failure(.overflow, step: step) : Slot(result.partialValue)
  }

  private func unary(
    _ at: Instruction, _ left: Slot, _ bytes: Span<UInt8>, step: Int
  ) -> Slot {
    let value = left.double
    switch at.operation {
    case .requireValue: return left
    case .negateInt: return Self.checked(Int64(0).subtractingReportingOverflow(left.int), step)
    case .negateDouble: return Slot(-value)
    case .absoluteInt:
      return left.int >= 0
        ? left : Self.checked(Int64(0).subtractingReportingOverflow(left.int), step)
    case .absoluteDouble: return Slot(value.magnitude)
    case .signInt: return Slot(left.int.signum())
    case .signDouble: return Slot(value > 0 ? 1.0 : value < 0 ? -1.0 : value.isNaN ? value : 0.0)
    case .ceiling: return Slot(value.rounded(.up))
    case .floor: return Slot(value.rounded(.down))
    case .round: return Slot(value.rounded(.toNearestOrAwayFromZero))
    case .truncate: return Slot(value.rounded(.towardZero))
    case .squareRoot: return Slot(value.squareRoot())
    case .isNaN: return Slot(value.isNaN)
    case .isInfinite: return Slot(value.isInfinite)
    case .isFinite: return Slot(value.isFinite)
    case .widen, .doubleOfInt: return Slot(Double(left.int))
    case .intOfDouble:
      // The bounds are CEL's: the ends of the range, which doubles cannot tell apart, are out.
      return value > -0x1p63 && value < 0x1p63
        ? Slot(Int64(value)) : .failure(.conversionOutOfRange, step: step)
    case .timestampOfSeconds:
      let (nanoseconds, overflow) = left.int.multipliedReportingOverflow(by: 1_000_000_000)
      return overflow ? .failure(.conversionOutOfRange, step: step) : Slot(nanoseconds)
    case .size, .contains, .intOfString, .boolOfString:
      return ofText(at, TextPlace(bits: left.bits), bytes, step: step)
    default: return Slot(Self.timePart(at.operation, left.int))
    }
  }
}
