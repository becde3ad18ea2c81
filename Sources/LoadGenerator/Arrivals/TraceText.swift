/// Reads the arrivals of a trace file, fed piece by piece.
///
/// One arrival a line: a decimal number, then optionally a comma and whatever else the line holds
/// (a log's further columns). Empty lines and lines that begin with `#` are left out.
///
/// - ``Form/instants``: seconds since any origin, in any order; the first arrival becomes 0. The
///   first line may be a header; a first column named `…_ns`, `…_us` or `…_ms` sets the unit.
/// - ``Form/intervals``: microseconds since the previous arrival, as `perf_analyzer
///   --request-intervals` reads them; no header.
struct TraceText {
  /// What a line's number means.
  enum Form: Sendable { case instants, intervals }

  /// Arrivals at most, and bytes of a line.
  static let arrivalsMax = 10_000_000
  static let lineMax = 65_536
  /// The longest trace and the longest interval: a year, in nanoseconds.
  static let spanMax: Int64 = 365 * 86_400 * 1_000_000_000

  private let form: Form
  private let name: String
  private let arrivalsMax: Int
  /// Digits after the point that make nanoseconds of the unit.
  private var decimals: Int
  private var line: [UInt8] = []
  private var lineNumber = 1
  private var mayBeHeader: Bool
  private var isSorted = true
  private var values: [Int64] = []

  /// - Parameter name: the file's, for messages.
  init(_ form: Form, name: String, arrivalsMax: Int = Self.arrivalsMax) {
    self.form = form
    self.name = name
    self.arrivalsMax = arrivalsMax
    decimals = form == .instants ? 9 : 3
    mayBeHeader = form == .instants
  }

  /// Takes the next bytes of the file.
  mutating func feed(_ bytes: some Sequence<UInt8>) throws(BenchInputError) {
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        try endLine()
      } else {
        guard line.count < Self.lineMax else {
          throw wrong("is longer than \(Self.lineMax) bytes; write one arrival a line")
        }
        line.append(byte)
      }
    }
  }

  /// The arrivals: nanoseconds from the start, ascending, never empty; and after how long they may
  /// begin again, `nil` if that cannot be told (a single instant).
  mutating func finish() throws(BenchInputError) -> (offsets: [Int64], period: Int64?) {
    try endLine()
    guard !values.isEmpty else {
      throw BenchInputError("\(name): holds no arrivals; write one a line, in \(unit)")
    }
    if !isSorted { values.sort() }
    guard form == .instants else { return (values, values.last.map { max(1, $0) }) }
    let first = values[0]
    for index in values.indices { values[index] -= first }
    let span = values[values.count - 1]
    guard span <= Self.spanMax else {
      throw BenchInputError(
        "\(name): spans \(span / 86_400_000_000_000) days; use at most 365, and check the unit "
          + "(seconds, or a header whose first column ends in _ns, _us or _ms)")
    }
    // The gap before the first arrival of a repetition is the mean one.
    let period = values.count > 1 ? max(1, span + span / Int64(values.count - 1)) : nil
    return (values, period)
  }

  private mutating func endLine() throws(BenchInputError) {
    defer {
      line.removeAll(keepingCapacity: true)
      lineNumber += 1
    }
    if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    let field = Self.field(line[...])
    guard let first = line.first(where: { !Self.isBlank($0) }), first != UInt8(ascii: "#") else {
      return
    }
    guard let value = DecimalText.scaled(field, decimals: decimals) else {
      if mayBeHeader, Self.isHeader(field) {
        mayBeHeader = false
        readHeader(field)
        return
      }
      let text = String(decoding: field.prefix(40), as: UTF8.self)
      throw wrong("'\(text)' is no number of \(unit); write a decimal number such as 0.25")
    }
    mayBeHeader = false
    guard values.count < arrivalsMax else {
      throw wrong("is more than the \(arrivalsMax) arrivals allowed; use a part of the trace")
    }
    try append(value)
  }

  private mutating func append(_ value: Int64) throws(BenchInputError) {
    guard form == .intervals else {
      if let last = values.last, value < last { isSorted = false }
      values.append(value)
      return
    }
    let (sum, overflow) = (values.last ?? 0).addingReportingOverflow(value)
    guard !overflow, sum <= Self.spanMax else {
      throw wrong("goes beyond 365 days; intervals are in microseconds")
    }
    values.append(sum)
  }

  private mutating func readHeader(_ field: ArraySlice<UInt8>) {
    for (suffix, decimals) in [("_ns", 0), ("_us", 3), ("_ms", 6)]
    where field.suffix(3).elementsEqual(suffix.utf8) {
      self.decimals = decimals
    }
  }

  private var unit: String {
    switch decimals {
    case 0: "nanoseconds"
    case 3: "microseconds"
    case 6: "milliseconds"
    default: "seconds"
    }
  }

  private func wrong(_ reason: String) -> BenchInputError {
    BenchInputError("\(name):\(lineNumber): \(reason)")
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  /// A header begins with a letter; a damaged number is not taken for one.
  private static func isHeader(_ field: ArraySlice<UInt8>) -> Bool {
    guard let first = field.first else { return false }
    let lower = first | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
  }

  /// The bytes up to the first comma, without blanks at either end.
  private static func field(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var field = line.prefix { $0 != UInt8(ascii: ",") }
    while let first = field.first, isBlank(first) { field.removeFirst() }
    while let last = field.last, isBlank(last) { field.removeLast() }
    return field
  }
}
