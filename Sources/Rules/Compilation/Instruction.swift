/// One step of a compiled expression over its registers; what the parts mean is said at
/// ``Operation``.
struct Instruction {
  var operation: Operation
  /// The register that gets the result.
  var target: UInt8
  var left: UInt8 = 0
  var right: UInt8 = 0
  /// A field of the row, or the second target of a branch.
  var field: UInt16 = 0
  /// An index into the constants, a target of a jump, or a mask of orders.
  var operand: UInt32 = 0
}

/// What an instruction does. `t`, `l` and `r` are its registers.
enum Operation: UInt8 {
  // Values.
  /// `t` = constant `operand`.
  case constant
  /// `t` = the text at constant `operand + 1`.
  case text
  case null
  /// `t` = `field`; a missing one fails.
  case load
  /// `t` = `field`; a missing one is null.
  case loadNullable
  /// `t` = whether `field` is there.
  case isPresent

  // Relations: `t` = whether the order of two values is in the mask.
  /// `field` with constant `operand`, mask in `right`, in `left` 1 if the field is nullable; ints,
  /// bools and times.
  case compareFieldInt, compareFieldDouble
  /// `field` with the text at constants `operand` (prefix) and `operand + 1`.
  case compareFieldText
  /// `l` with `r`, mask in `operand`.
  case compareInt, compareDouble, compareText
  /// `l` in the table at constant `operand`.
  case memberInt, memberDouble, memberText

  // Logic.
  case not
  /// `l` starts a conjunction: `t` decided by false, which jumps to `operand`.
  case beginAll
  /// `l` joins the conjunction in `t`.
  case joinAll
  case beginAny
  case joinAny
  /// On false in `t` to `operand`; on a failure to `field`.
  case branch
  case jump

  // Arithmetic: `t` = `l` with `r`.
  case addInt, subtractInt, multiplyInt, divideInt, moduloInt
  case addDouble, subtractDouble, multiplyDouble, divideDouble
  case greatestInt, leastInt, greatestDouble, leastDouble

  // Functions of one operand: `t` = f(`l`).
  case negateInt, negateDouble
  case absoluteInt, absoluteDouble, signInt, signDouble
  case ceiling, floor, round, truncate, squareRoot
  case isNaN, isInfinite, isFinite
  /// As `doubleOfInt`, but a null stays one: an operand of `==`.
  case widen
  case doubleOfInt, intOfDouble, timestampOfSeconds, secondsOfTimestamp
  /// A null fails, anything else stays.
  case requireValue
  case year, month, date, dayOfMonth, dayOfWeek, dayOfYear
  case hourOfDay, minuteOfHour, secondOfMinute, millisecondOfSecond
  case wholeHours, wholeMinutes, wholeSeconds, millisecondOfDuration

  // Functions of strings.
  case size, intOfString, boolOfString
  /// `l` with `r`.
  case startsWith, endsWith
  /// `l` holds the needle at constant `operand`.
  case contains
}

/// One or more compiled expressions: instructions and what they refer to, all flat.
struct Program: Sendable {
  /// The instructions of one expression.
  struct Segment: Sendable {
    var start: Int
    var end: Int
  }

  var instructions: [Instruction] = []
  /// The place in the text of each instruction, for failures.
  var offsets: [UInt32] = []
  /// Numbers as bit patterns; texts as prefix and place; tables with a header.
  var constants: [UInt64] = []
  /// The bytes of constant texts.
  var bytes: [UInt8] = []
  var registerCount = 1

  /// The registers that an evaluation can have.
  static let mostRegisters = 64

  /// All instructions, of a program of one expression.
  var whole: Segment { Segment(start: 0, end: instructions.count) }
}
