extension Program {
  /// Evaluates one expression; the result is what register 0 holds at its end.
  func run(
    _ segment: Segment, values: Span<UInt64>, present: Span<UInt64>, bytes: Span<UInt8>
  ) -> Slot {
    // Clearing registers costs more than most programs use.
    if registerCount <= 4 {
      var registers = InlineArray<4, Slot>(repeating: Slot(bits: 0))
      var span = registers.mutableSpan
      run(segment, &span, values, present, bytes)
      return span[0]
    }
    var registers = InlineArray<64, Slot>(repeating: Slot(bits: 0))
    var span = registers.mutableSpan
    run(segment, &span, values, present, bytes)
    return span[0]
  }

  private func run(
    _ segment: Segment, _ registers: inout MutableSpan<Slot>, _ values: Span<UInt64>,
    _ present: Span<UInt64>,
    _ bytes: Span<UInt8>
  ) {
    let code = instructions.span.extracting(segment.start..<segment.end)
    let numbers = constants.span
    var step = 0
    while step < code.count {
      let at = code[step]
      let target = Int(at.target)
      switch at.operation {
      case .compareFieldInt:
        registers[target] =
          Self.absent(at, present, step: step)
          ?? Slot(
            order: Slot.order(
              Int64(bitPattern: values[Int(at.field)]),
              Int64(bitPattern: numbers[Int(at.operand)])), mask: at.right)
      case .compareFieldDouble:
        registers[target] =
          Self.absent(at, present, step: step)
          ?? Slot(
            order: Slot.order(
              Double(bitPattern: values[Int(at.field)]),
              Double(bitPattern: numbers[Int(at.operand)])), mask: at.right)
      case .compareFieldText:
        registers[target] =
          Self.absent(at, present, step: step) ?? compareFieldText(at, values, bytes)
      case .load, .loadNullable:
        registers[target] =
          Self.isPresent(at.field, present)
          ? Slot(bits: values[Int(at.field)])
          : at.operation == .load
            ? .failure(.missingField, step: step, field: UInt64(at.field) + 1)
            : .null(field: at.field)
      case .beginAll, .joinAll, .beginAny, .joinAny:
        if join(at, &registers, step: step) {
          step = Int(at.operand)
          continue
        }
      case .constant:
        registers[target] = Slot(bits: numbers[Int(at.operand)])
      case .not:
        let value = registers[Int(at.left)]
        registers[target] =
          value.state == .value ? Slot(!value.isTrue) : value.required(step: step)
      case .jump:
        step = Int(at.operand)
        continue
      case .branch:
        step = branch(at, &registers, step: step)
        continue
      case .isPresent:
        registers[target] = Slot(Self.isPresent(at.field, present))
      case .text:
        registers[target] = Slot(bits: numbers[Int(at.operand) + 1])
      case .null:
        registers[target] = .null(field: nil)
      default:
        registers[target] = operate(at, registers[Int(at.left)], registers, bytes, step: step)
      }
      step += 1
    }
  }

  @inline(__always)
  private static func isPresent(_ field: UInt16, _ present: Span<UInt64>) -> Bool {
    present[Int(field) >> 6] >> UInt64(field & 63) & 1 == 1
  }

  /// The result of comparing a missing field with a constant, which is not null; `nil` if the
  /// field is there.
  @inline(__always)
  private static func absent(
    _ at: Instruction, _ present: Span<UInt64>, step: Int
  ) -> Slot? {
    isPresent(at.field, present) ? nil : comparedMissing(at, step: step)
  }

  @inline(never)
  private static func comparedMissing(_ at: Instruction, step: Int) -> Slot {
    let field = UInt64(at.field) + 1
    guard at.left == 1 else { return .failure(.missingField, step: step, field: field) }
    return Slot.comparedNull(mask: at.right, areBoth: false)
      ?? .failure(.nullOperand, step: step, field: field)
  }

  /// Takes a term into a conjunction or disjunction; true if that decides it, so the rest is
  /// skipped. A failure is kept until a later term decides.
  @inline(__always)
  private func join(
    _ at: Instruction, _ registers: inout MutableSpan<Slot>, step: Int
  ) -> Bool {
    let term = registers[Int(at.left)]
    let isAll = at.operation == .beginAll || at.operation == .joinAll
    if term.state == .value {
      guard term.isTrue != isAll else { return false }
      registers[Int(at.target)] = term
      return true
    }
    let isFirst = at.operation == .beginAll || at.operation == .beginAny
    if isFirst || registers[Int(at.target)].state == .value {
      registers[Int(at.target)] = term.required(step: step)
    }
    return false
  }

  private func branch(
    _ at: Instruction, _ registers: inout MutableSpan<Slot>, step: Int
  ) -> Int {
    let condition = registers[Int(at.left)]
    if condition.state == .value { return condition.isTrue ? step + 1 : Int(at.operand) }
    registers[Int(at.target)] = condition.required(step: step)
    return Int(at.field)
  }
}

extension Slot {
  /// A relation with one or two nulls: equality has an answer, order has none.
  static func comparedNull(mask: UInt8, areBoth: Bool) -> Slot? {
    switch mask {
    case 2: Slot(areBoth)
    case 13: Slot(!areBoth)
    default: nil
    }
  }
}
