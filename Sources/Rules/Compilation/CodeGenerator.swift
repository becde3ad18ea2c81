/// Turns a checked tree into a program.
///
/// A node leaves its value in a register, and uses only that one and those above it.
struct CodeGenerator {
  /// A place that needs more registers than there are.
  struct TooWide: Error {
    let offset: Int
  }

  let tree: CheckedTree
  let schema: RuleSchema
  var program: Program
  /// Where the instructions of this expression start; jumps count from there.
  private let start: Int

  /// The program that leaves the value of `node` in register 0.
  static func program(
    of node: CheckedTree.Node, in tree: CheckedTree, schema: RuleSchema
  ) throws(TooWide) -> Program {
    var generator = CodeGenerator(tree: tree, schema: schema, program: Program())
    try generator.emit(node, into: 0)
    return generator.program
  }

  /// Appends the instructions for `node` to a program that holds other expressions.
  static func append(
    _ node: CheckedTree.Node, in tree: CheckedTree, schema: RuleSchema, to program: inout Program
  ) throws(TooWide) -> Program.Segment {
    var generator = CodeGenerator(tree: tree, schema: schema, program: program)
    try generator.emit(node, into: 0)
    let start = program.instructions.count
    program = generator.program
    return Program.Segment(start: start, end: program.instructions.count)
  }

  private init(tree: CheckedTree, schema: RuleSchema, program: Program) {
    self.tree = tree
    self.schema = schema
    self.program = program
    start = program.instructions.count
  }

  /// What a jump to the next instruction has as its target.
  private var here: Int { program.instructions.count - start }

  func operand(_ node: CheckedTree.Node, _ index: Int) -> CheckedTree.Node {
    // A tree without problems has a node for every operand.
    tree.nodes[node.operands[index]]
      ?? CheckedTree.Node(
        operation: .constant(.null), type: .null, isNullable: true, operands: [], offset: 0)
  }

  @discardableResult
  mutating func append(
    _ operation: Operation, target: Int, left: Int = 0, right: Int = 0, field: Int = 0,
    operand: Int = 0, at offset: Int
  ) throws(TooWide) -> Int {
    guard max(target, left, right < Program.mostRegisters ? right : 0) < Program.mostRegisters
    else { throw TooWide(offset: offset) }
    program.registerCount = max(program.registerCount, target + 1, left + 1)
    program.instructions.append(
      Instruction(
        operation: operation, target: UInt8(target), left: UInt8(left), right: UInt8(right),
        field: UInt16(field), operand: UInt32(operand)))
    program.offsets.append(UInt32(offset))
    return program.instructions.count - 1
  }

  /// Emits a node. Chains along first operands are as long as the text allows, so they are
  /// walked, not descended.
  mutating func emit(_ top: CheckedTree.Node, into register: Int) throws(TooWide) {
    var chain: [CheckedTree.Node] = []
    var node = top
    while node.continuesChain, !isFused(node) {
      chain.append(node)
      node = operand(node, 0)
    }
    try emitStart(node, into: register)
    for link in chain.reversed() { try emitLink(link, in: register) }
  }

  /// A node whose first operand is not yet emitted.
  private mutating func emitStart(
    _ node: CheckedTree.Node, into register: Int
  ) throws(TooWide) {
    switch node.operation {
    case .constant(let value):
      try emitConstant(value, into: register, at: node.offset)
    case .field(let field):
      try append(
        schema.fields[field].isNullable ? .loadNullable : .load, target: register, field: field,
        at: node.offset)
    case .isPresent(let field):
      try append(.isPresent, target: register, field: field, at: node.offset)
    case .compare(let mask):
      try emitFusedComparison(node, mask: mask, into: register)
    case .all: try emitLogic(node, begin: .beginAll, join: .joinAll, into: register)
    case .any: try emitLogic(node, begin: .beginAny, join: .joinAny, into: register)
    case .conditional: try emitConditional(node, into: register)
    case .not, .negate, .function, .extreme, .contains:
      try emitFunction(node, into: register)
    case .arithmetic, .member, .list: break
    }
  }

  /// What a node of a chain does with its first operand, which is in the register.
  private mutating func emitLink(
    _ node: CheckedTree.Node, in register: Int
  ) throws(TooWide) {
    switch node.operation {
    case .arithmetic(let operation):
      try emit(operand(node, 1), into: register + 1)
      try append(
        Self.instruction(operation, operand(node, 0).type), target: register, left: register,
        right: register + 1, at: node.offset)
    case .compare(let mask):
      try emitComparison(node, mask: mask, in: register)
    case .member(let elements, let containsNull):
      let (operation, table) = memberTable(
        elements, containsNull: containsNull, type: operand(node, 0).type)
      try append(operation, target: register, left: register, operand: table, at: node.offset)
    default: break
    }
  }

  private mutating func emitFunction(
    _ node: CheckedTree.Node, into register: Int
  ) throws(TooWide) {
    try emit(operand(node, 0), into: register)
    let isInt = node.type == .int
    switch node.operation {
    case .not:
      try append(.not, target: register, left: register, at: node.offset)
    case .negate:
      try append(
        isInt ? .negateInt : .negateDouble, target: register, left: register, at: node.offset)
    case .contains(let text):
      let needle = addNeedle(text)
      try append(.contains, target: register, left: register, operand: needle, at: node.offset)
    case .extreme(let isGreatest):
      let operation: Operation =
        isGreatest
        ? (isInt ? .greatestInt : .greatestDouble) : (isInt ? .leastInt : .leastDouble)
      if node.operands.count == 1 {
        try append(.requireValue, target: register, left: register, at: node.offset)
      }
      for index in node.operands.indices.dropFirst() {
        try emit(operand(node, index), into: register + 1)
        try append(
          operation, target: register, left: register, right: register + 1, at: node.offset)
      }
    case .function(let operation):
      if node.operands.count == 2 { try emit(operand(node, 1), into: register + 1) }
      try append(
        operation, target: register, left: register, right: register + node.operands.count - 1,
        at: node.offset)
    default: break
    }
  }

  private mutating func emitLogic(
    _ node: CheckedTree.Node, begin: Operation, join: Operation, into register: Int
  ) throws(TooWide) {
    var jumps: [Int] = []
    for index in node.operands.indices {
      let term = index == 0 ? register : register + 1
      try emit(operand(node, index), into: term)
      jumps.append(
        try append(
          index == 0 ? begin : join, target: register, left: term, at: node.offset))
    }
    for jump in jumps {
      program.instructions[jump].operand = UInt32(here)
    }
  }

  private mutating func emitConditional(
    _ node: CheckedTree.Node, into register: Int
  ) throws(TooWide) {
    try emit(operand(node, 0), into: register)
    let branch = try append(.branch, target: register, left: register, at: node.offset)
    try emit(operand(node, 1), into: register)
    let jump = try append(.jump, target: register, at: node.offset)
    program.instructions[branch].operand = UInt32(here)
    try emit(operand(node, 2), into: register)
    program.instructions[branch].field = UInt16(here)
    program.instructions[jump].operand = UInt32(here)
  }

  private static func instruction(_ operation: BinaryOperator, _ type: RuleType) -> Operation {
    switch (operation, type) {
    case (.add, .double): .addDouble
    case (.subtract, .double): .subtractDouble
    case (.multiply, .double): .multiplyDouble
    case (.divide, .double): .divideDouble
    case (.add, _): .addInt
    case (.subtract, _): .subtractInt
    case (.multiply, _): .multiplyInt
    case (.divide, _): .divideInt
    default: .moduloInt
    }
  }
}

extension CheckedTree.Node {
  /// Whether the node works on in the register of its first operand, one of any number.
  var continuesChain: Bool {
    switch operation {
    case .arithmetic, .compare, .member: true
    default: false
    }
  }
}
