/// Writes the training set that serving would have seen: events, attributes and rows are merged by
/// time, and each row is asked as of its instant, before anything of that instant is taken in.
///
/// The inputs are read side by side, in bounded memory; only files of attributes are read whole.
/// The order of lines in a file of events is the order of arrival, as it would be online.
package struct Backfill {
  private let definitions: FeatureDefinitions
  private let options: BackfillOptions
  private var engine: FeatureEngine
  private var report = BackfillReport()
  private var vector = FeatureVector()
  /// The furthest instant reached.
  private var reached = Int64.min
  private var sinceExpiry = 0

  /// What is merged, its next record read ahead.
  private struct Stream {
    enum Content {
      /// Rows to be asked for; at one instant they come first.
      case rows
      case events(source: Int)
      case attributes(view: Int)
    }

    var content: Content
    var isOpen = true
    /// Attributes, read whole: latest first.
    var sorted: [EventRecord] = []
    var isSorted = false
  }

  private var streams: [Stream] = []
  /// By stream.
  private var readers: [RecordReader] = []
  /// By stream: the record that comes next.
  private var records: [EventRecord] = []

  /// - Parameter definitions: with at least one service.
  package init(_ definitions: FeatureDefinitions, _ options: BackfillOptions) {
    self.definitions = definitions
    self.options = options
    engine = FeatureEngine(definitions, seed: (0x6E65_6564_6C65, 0x7461_696C))
  }

  /// Reads everything and writes the training set.
  ///
  /// - Parameters:
  ///   - events: the events of each source that is given.
  ///   - attributes: the profiles of each view that has them.
  ///   - rows: what is asked for; `nil` asks for each event of the source that requests are.
  ///   - sink: takes the CSV, piece by piece.
  /// - Throws: ``RecordProblem`` where an input cannot be used, or what `sink` throws.
  package mutating func run(
    events: [(source: Int, reader: RecordReader)],
    attributes: [(view: Int, reader: RecordReader)], rows: RecordReader?,
    sink: @escaping ([UInt8]) throws -> Void
  ) throws -> BackfillReport {
    if let rows, let schema = definitions.request { add(.rows, rows, schema) }
    for (source, reader) in events {
      add(.events(source: source), reader, definitions.sources[source].schema)
    }
    for (view, reader) in attributes {
      for file in definitions.attributeFiles where file.view == view {
        add(.attributes(view: view), reader, file.schema)
        try sort(streams.count - 1)
      }
    }
    for index in streams.indices { try advance(index) }
    var writer = TrainingRowWriter(definitions, options, sink)
    while let next = earliest() {
      try take(next, &writer, asksEvents: rows == nil)
      try advance(next)
    }
    try writer.flush()
    return finish()
  }

  private mutating func add(
    _ content: Stream.Content, _ reader: RecordReader, _ schema: RecordSchema
  ) {
    streams.append(Stream(content: content))
    readers.append(reader)
    records.append(EventRecord(schema))
  }

  private mutating func finish() -> BackfillReport {
    report.events = definitions.sources.indices.map { engine.counts(source: $0) }
    report.filterFailures = definitions.views.indices.map { engine.filterFailures(view: $0) }
    report.stateBytes = engine.byteCount
    return report
  }

  /// The stream whose record comes next; of equal times the one listed first.
  private func earliest() -> Int? {
    var best: Int?
    for index in streams.indices where streams[index].isOpen {
      guard let known = best else {
        best = index
        continue
      }
      if records[index].time < records[known].time { best = index }
    }
    return best
  }

  private mutating func take(
    _ index: Int, _ writer: inout TrainingRowWriter, asksEvents: Bool
  ) throws {
    let time = records[index].time
    switch streams[index].content {
    case .rows:
      guard time >= reached || report.rows == 0 else {
        throw problem(
          index, "the row's time is before that of the row or event above it; sort rows by time",
          isFinal: true)
      }
      engine.vector(options.service, records[index], at: time, into: &vector)
      try writer.write(records[index], vector)
      report.rows += 1
    case .events(let source):
      let asks = asksEvents && definitions.requestSource == source
      if asks {
        engine.vector(options.service, records[index], at: time, into: &vector)
      }
      let outcome = engine.ingest(records[index], source: source, now: options.now)
      if outcome == .accepted {
        if asks {
          try writer.write(records[index], vector)
          report.rows += 1
        }
      } else {
        try note(outcome, index, definitions.sources[source].schema)
      }
    case .attributes(let view):
      report.attributes += 1
      let outcome = engine.update(records[index], view: view)
      if outcome != .accepted { try note(outcome, index, readers[index].members.schema) }
    }
    reached = max(reached, time)
    expire()
  }

  /// A few keys at a time, so that no row waits for it.
  private mutating func expire() {
    sinceExpiry += 1
    guard sinceExpiry >= 256 else { return }
    sinceExpiry = 0
    let lateness = definitions.sources.map(\.lateness).max() ?? 0
    report.expiredKeys += engine.expire(before: reached - lateness, budget: 512)
  }

  /// Reports what is wrong with an event; what is late or there twice is only counted.
  private mutating func note(
    _ outcome: IngestOutcome, _ index: Int, _ schema: RecordSchema
  ) throws {
    let message: String
    switch outcome {
    case .accepted, .duplicate, .late, .future: return
    case .timeOutOfRange: message = "the time is not of the years 1900 to 2199"
    case .outOfRange(let field):
      message = "'\(schema.fields[field].name)' is larger than its aggregates can take"
    case .keysFull(let entity):
      let read = definitions.entities[entity]
      message = "'\(read.name)' has \(read.keysMax) keys: raise its keys_max"
    case .idsFull:
      message = "more ids within the lateness than are remembered: raise ids_max"
    case .textsFull: message = "the attributes hold more different texts than are kept"
    }
    try keep(problem(index, message))
  }

  private func problem(_ index: Int, _ message: String, isFinal: Bool = false) -> RecordProblem {
    RecordProblem(
      input: readers[index].name, line: readers[index].recordLine, column: 0,
      message: message, isFinal: isFinal)
  }

  private mutating func keep(_ problem: RecordProblem) throws(RecordProblem) {
    if problem.isFinal || options.isStrict { throw problem }
    report.badRecords += 1
    if report.problems.count < BackfillReport.problemsMax { report.problems.append(problem) }
  }

  /// Reads a stream's next record; wrong ones are reported and passed over.
  private mutating func advance(_ index: Int) throws(RecordProblem) {
    if streams[index].isSorted {
      guard let next = streams[index].sorted.popLast() else {
        streams[index].isOpen = false
        return
      }
      records[index] = next
      return
    }
    while true {
      do throws(RecordProblem) {
        streams[index].isOpen =
          try readers[index].next(into: &records[index])
        return
      } catch {
        try keep(error)
      }
    }
  }

  /// Reads a file of attributes whole and sorts it by time.
  private mutating func sort(_ index: Int) throws(RecordProblem) {
    while true {
      try advance(index)
      guard streams[index].isOpen else { break }
      streams[index].sorted.append(records[index])
    }
    var order = streams[index].sorted.enumerated().map { (at: $0.element.time, line: $0.offset) }
    order.sort { ($1.at, $1.line) < ($0.at, $0.line) }
    let records = streams[index].sorted
    streams[index].sorted = order.map { records[$0.line] }
    streams[index].isSorted = true
    streams[index].isOpen = true
  }
}
