/// How the records of an input are written.
package enum RecordFormat: String, Sendable, CaseIterable {
  /// RFC 4180, with a header.
  case csv
  /// One flat JSON object a line.
  case ndjson
}

/// Reads the records of one input one after the other, strictly, in bounded memory.
///
/// A record that is wrong is reported with its place, and reading goes on after it.
package struct RecordReader {
  let name: String
  let members: MemberTable
  private let source: RecordBuffer.Source
  private var buffer = RecordBuffer()
  private let format: RecordFormat
  private var csv = CSVRecord()
  private var json = JSONRecord()
  /// The line at which the next record starts, from 1.
  private var line = 1
  /// The line at which the last record starts.
  private(set) var recordLine = 0
  /// Whether what is read next is the rest of a record that was too long.
  private var isSkipping = false

  /// - Parameters:
  ///   - name: the input's name in problems.
  ///   - wanted: which fields are read; the others are passed over unseen. All if `nil`.
  ///   - source: appends the next bytes of the input; false at its end.
  package init(
    _ format: RecordFormat, _ schema: RecordSchema, name: String, wanted: Set<Int>? = nil,
    source: @escaping (inout [UInt8]) throws -> Bool
  ) {
    self.name = name
    self.source = source
    members = MemberTable(schema: schema, wanted: wanted)
    self.format = format
  }

  /// The next record; false at the end.
  ///
  /// - Throws: what is wrong with the record, which is passed over; or with the whole input.
  package mutating func next(into record: inout EventRecord) throws(RecordProblem) -> Bool {
    while true {
      guard let extent = try nextExtent() else { return false }
      let first = line
      recordLine = first
      let start = buffer.start
      line += extent.lines
      buffer.consume(to: extent.next)
      if isSkipping {
        isSkipping = extent.isCutOff
        continue
      }
      isSkipping = extent.isCutOff
      if extent.isTooLong {
        throw problem(first, 0, "the record is longer than \(RecordBuffer.recordMax) bytes")
      }
      if extent.end == start { continue }
      record.clear()
      do throws(ValueProblem) {
        if try decode(start..<extent.end, line: first, into: &record) { return true }
      } catch {
        throw place(error, start: start, line: first)
      }
    }
  }

  /// Decodes one record; false for the header.
  private mutating func decode(
    _ range: Range<Int>, line: Int, into record: inout EventRecord
  ) throws(ValueProblem) -> Bool {
    if format == .ndjson {
      try json.decode(buffer.bytes, range, members, into: &record)
      return true
    }
    guard csv.hasHeader else {
      try csv.readHeader(buffer.bytes, members)
      return false
    }
    try csv.decode(buffer.bytes, members, into: &record)
    return true
  }

  /// Where the next record ends; `nil` at the end of the input.
  private mutating func nextExtent() throws(RecordProblem) -> RecordExtent? {
    while true {
      let extent =
        isSkipping
        ? buffer.restOfLine()
        : format == .csv
          ? csv.scan(buffer.bytes, from: buffer.start, isAtEnd: buffer.isAtEnd)
          : JSONRecord.scan(buffer.bytes, from: buffer.start, isAtEnd: buffer.isAtEnd)
      if let extent { return extent }
      if buffer.isAtEnd { return nil }
      do {
        try buffer.fill(from: source)
      } catch {
        throw RecordProblem(
          input: name, line: line, column: 0, message: "cannot be read on: \(error)",
          isFinal: true)
      }
    }
  }

  private func problem(_ line: Int, _ column: Int, _ message: String) -> RecordProblem {
    RecordProblem(input: name, line: line, column: column, message: message)
  }

  /// The line and column of a problem inside a record.
  private func place(_ problem: ValueProblem, start: Int, line: Int) -> RecordProblem {
    var line = line
    var first = start
    for index in start..<min(max(problem.offset, start), buffer.bytes.count)
    where buffer.bytes[index] == UInt8(ascii: "\n") {
      line += 1
      first = index + 1
    }
    var result = self.problem(line, max(problem.offset, first) - first + 1, problem.message)
    if format == .csv, !csv.hasHeader { result.isFinal = true }
    return result
  }
}

/// Where a record ends in the buffer.
struct RecordExtent {
  /// The byte after its last one.
  var end: Int
  /// The byte at which the next record starts.
  var next: Int
  /// Line ends that it takes, its own included.
  var lines = 1
  var isTooLong = false
  /// Whether the record goes on beyond what was read.
  var isCutOff = false
}
