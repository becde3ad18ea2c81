internal import Rules

/// One record of CSV (RFC 4180): its cells, and the columns that the header named.
struct CSVRecord: Sendable {
  private struct Cell: Sendable {
    var start: Int32
    var end: Int32
    var isQuoted: Bool
    /// Whether a quote inside is written twice.
    var hasQuotes: Bool
  }

  /// By column: the member it holds, or −1.
  private var columns: [Int] = []
  private var cells: [Cell] = []
  /// Where the quoting goes wrong; −1 if it does not.
  private var mistake = -1
  private var scratch: [UInt8] = []

  var hasHeader: Bool { !columns.isEmpty }

  /// Finds the cells of the record that starts at `start`; `nil` if its end was not read yet.
  mutating func scan(_ bytes: [UInt8], from start: Int, isAtEnd: Bool) -> RecordExtent? {
    cells.removeAll(keepingCapacity: true)
    mistake = -1
    let span = bytes.span
    let end = span.count
    if start == end { return nil }
    var index = start
    var lines = 1
    while true {
      if index - start > RecordBuffer.recordMax { return tooLong(span, index, lines) }
      if index < end, span[index] == UInt8(ascii: "\"") {
        guard let close = quoted(span, index, &lines) else {
          if end - start > RecordBuffer.recordMax || isAtEnd {
            mistake = index
            // Passed over up to the next line, where a record may start again.
            return skipLine(span, start)
          }
          return nil
        }
        index = close
        while index < end, !Self.isDelimiter(span[index]) {
          if mistake < 0 { mistake = index }
          index += 1
        }
      } else {
        let first = index
        while index < end, !Self.isDelimiter(span[index]) {
          if span[index] == UInt8(ascii: "\""), mistake < 0 { mistake = index }
          index += 1
        }
        let isReturn =
          index > first && index < end && span[index] == UInt8(ascii: "\n")
          && span[index - 1] == UInt8(ascii: "\r")
        let isLast = index == end && index > first && span[index - 1] == UInt8(ascii: "\r")
        append(first, isReturn || isLast ? index - 1 : index)
      }
      if index == end {
        if index - start > RecordBuffer.recordMax { return tooLong(span, index, lines) }
        return isAtEnd ? RecordExtent(end: index, next: index, lines: lines) : nil
      }
      if span[index] == UInt8(ascii: "\n") {
        let isEmpty = cells.count == 1 && cells[0].start == cells[0].end && !cells[0].isQuoted
        return RecordExtent(end: isEmpty ? start : index, next: index + 1, lines: lines)
      }
      index += 1
    }
  }

  private mutating func append(_ start: Int, _ end: Int) {
    cells.append(
      Cell(start: Int32(start), end: Int32(end), isQuoted: false, hasQuotes: false))
  }

  /// A quoted cell; the byte after its closing quote (and a carriage return), or `nil` without one.
  private mutating func quoted(_ bytes: Span<UInt8>, _ start: Int, _ lines: inout Int) -> Int? {
    var index = start + 1
    var hasQuotes = false
    var within = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") { within += 1 }
      if byte == UInt8(ascii: "\"") {
        guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\"") else { break }
        hasQuotes = true
        index += 1
      }
      index += 1
    }
    guard index < bytes.count else { return nil }
    lines += within
    cells.append(
      Cell(start: Int32(start + 1), end: Int32(index), isQuoted: true, hasQuotes: hasQuotes))
    index += 1
    let isReturn =
      index < bytes.count && bytes[index] == UInt8(ascii: "\r")
      && (index + 1 == bytes.count || bytes[index + 1] == UInt8(ascii: "\n"))
    return isReturn ? index + 1 : index
  }

  private func tooLong(_ bytes: Span<UInt8>, _ from: Int, _ lines: Int) -> RecordExtent {
    var index = from
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    let isCutOff = index == bytes.count
    return RecordExtent(
      end: index, next: min(index + 1, bytes.count), lines: isCutOff ? lines - 1 : lines,
      isTooLong: true, isCutOff: isCutOff)
  }

  private func skipLine(_ bytes: Span<UInt8>, _ start: Int) -> RecordExtent {
    var index = start
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    let isCutOff = index == bytes.count
    return RecordExtent(
      end: index, next: min(index + 1, bytes.count), lines: isCutOff ? 0 : 1,
      isCutOff: isCutOff)
  }

  private static func isDelimiter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n")
  }

  /// Takes the record that was scanned as the header.
  mutating func readHeader(_ bytes: [UInt8], _ members: MemberTable) throws(ValueProblem) {
    try checkQuotes()
    let span = bytes.span
    var columns: [Int] = []
    var names: [String] = []
    for (number, cell) in cells.enumerated() {
      var start = Int(cell.start)
      // A byte order mark is no part of the first name.
      if number == 0, cell.end - cell.start >= 3, span[start] == 0xEF, span[start + 1] == 0xBB,
        span[start + 2] == 0xBF
      {
        start += 3
      }
      let range = start..<Int(cell.end)
      names.append(String(decoding: bytes[range], as: UTF8.self))
      let member = members.find(span, range, from: 0) ?? -1
      if member >= 0, columns.contains(member) {
        throw ValueProblem(
          offset: start, message: "the header names '\(members.name(member))' twice")
      }
      columns.append(member)
    }
    for (index, member) in members.members.enumerated()
    where member.isRequired && !columns.contains(index) {
      let name = members.name(index)
      throw ValueProblem(
        offset: cells.first.map { Int($0.start) } ?? 0,
        message: "the header has no column '\(name)'; \(NearestName.fix(for: name, among: names))")
    }
    self.columns = columns
  }

  /// The record that was scanned, typed.
  mutating func decode(
    _ bytes: [UInt8], _ members: MemberTable, into record: inout EventRecord
  ) throws(ValueProblem) {
    try checkQuotes()
    guard cells.count == columns.count else {
      throw ValueProblem(
        offset: cells.first.map { Int($0.start) } ?? 0,
        message: "the record has \(cells.count) cells, the header \(columns.count)")
    }
    let span = bytes.span
    for column in columns.indices where columns[column] >= 0 {
      let member = columns[column]
      let cell = cells[column]
      let range = Int(cell.start)..<Int(cell.end)
      if range.isEmpty, !cell.isQuoted || !members.isString(member) {
        if members.members[member].isRequired {
          throw members.problem(member, span, range, "a value is required")
        }
        continue
      }
      if members.keepsText(member) {
        try keep(cell, range, bytes, member, members, &record)
      }
      if !members.isString(member) {
        try members.assign(member, .untyped, span, range, to: &record)
      }
    }
  }

  private mutating func keep(
    _ cell: Cell, _ range: Range<Int>, _ bytes: [UInt8], _ member: Int, _ members: MemberTable,
    _ record: inout EventRecord
  ) throws(ValueProblem) {
    guard UTF8Text.isValid(bytes.span, range) else {
      throw members.problem(member, bytes.span, range, "expected UTF-8")
    }
    let place: TextPlace
    if cell.hasQuotes {
      scratch.removeAll(keepingCapacity: true)
      var index = range.lowerBound
      while index < range.upperBound {
        scratch.append(bytes[index])
        index += bytes[index] == UInt8(ascii: "\"") ? 2 : 1
      }
      place = record.append(scratch[...])
    } else {
      place = record.append(bytes[range])
    }
    members.store(place, member, &record)
  }

  private func checkQuotes() throws(ValueProblem) {
    guard mistake >= 0 else { return }
    throw ValueProblem(
      offset: mistake,
      message: "a quote out of place; a cell with quotes, commas or line ends stands in quotes, "
        + "and quotes inside it are written twice")
  }
}

extension MemberTable {
  /// Notes where the text of a member lies.
  func store(_ place: TextPlace, _ member: Int, _ record: inout EventRecord) {
    if members[member].isID { record.setID(place) }
    if members[member].isTime { record.setTimeText(place) }
    if let field = members[member].field, schema.fields[field].type == .string {
      record.setText(field, place)
    }
  }
}

enum UTF8Text {
  /// Whether bytes are UTF-8.
  static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var isASCII = true
    for index in range where bytes[index] >= 0x80 {
      isASCII = false
      break
    }
    return isASCII || (try? UTF8Span(validating: bytes.extracting(range))) != nil
  }
}
