/// About how many different hashes were added: exact while few, then HyperLogLog.
///
/// P. Flajolet et al., "HyperLogLog" (2007), with linear counting for small cardinalities. Adding
/// and merging depend on the set of hashes alone, never on their order.
struct DistinctSketch: Sendable, Equatable {
  let precision: Int
  /// Sorted hashes, while there are at most ``exactMax(_:)``.
  private(set) var exact: [UInt64] = []
  /// One byte a register once they are more; empty before.
  private(set) var registers: [UInt8] = []

  /// The most hashes that are kept as they are.
  static func exactMax(_ precision: Int) -> Int { max(8, (1 << precision) / 8) }

  init(precision: Int) { self.precision = precision }

  init(precision: Int, exact: [UInt64], registers: [UInt8]) {
    self.precision = precision
    self.exact = exact
    self.registers = registers
  }

  mutating func add(_ hash: UInt64) {
    if !registers.isEmpty { return register(hash) }
    var low = 0
    var high = exact.count
    while low < high {
      let middle = (low + high) / 2
      if exact[middle] < hash { low = middle + 1 } else { high = middle }
    }
    if low < exact.count, exact[low] == hash { return }
    exact.insert(hash, at: low)
    if exact.count > Self.exactMax(precision) { spill() }
  }

  mutating func merge(_ other: DistinctSketch) {
    for hash in other.exact { add(hash) }
    guard !other.registers.isEmpty else { return }
    if registers.isEmpty { spill() }
    for index in registers.indices {
      registers[index] = max(registers[index], other.registers[index])
    }
  }

  /// The estimate; a whole number while exact.
  var estimate: Double {
    if registers.isEmpty { return Double(exact.count) }
    let m = Double(registers.count)
    var sum = 0.0
    var zeros = 0
    for register in registers {
      sum += Double(sign: .plus, exponent: -Int(register), significand: 1)
      if register == 0 { zeros += 1 }
    }
    let bias =
      switch precision {
      case 4: 0.673
      case 5: 0.697
      case 6: 0.709
      default: 0.7213 / (1 + 1.079 / m)
      }
    let raw = bias * m * m / sum
    if raw <= 2.5 * m, zeros > 0 { return m * Logarithm.natural(m / Double(zeros)) }
    return raw
  }

  var byteCount: Int { exact.capacity * 8 + registers.capacity }

  private mutating func spill() {
    registers = [UInt8](repeating: 0, count: 1 << precision)
    for hash in exact { register(hash) }
    exact = []
  }

  private mutating func register(_ hash: UInt64) {
    let index = Int(truncatingIfNeeded: hash >> UInt64(64 - precision))
    let rest = hash << UInt64(precision) | 1 << UInt64(precision - 1)
    registers[index] = max(registers[index], UInt8(rest.leadingZeroBitCount + 1))
  }
}
