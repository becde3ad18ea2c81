private import Dispatch
internal import Features

/// Reads the files of attributes that views name.
enum AttributeFiles {
  private static let batch = 1_024
  /// The most wrong records that are told.
  private static let problemsMax = 20

  /// Brings the attributes of all files into a store.
  ///
  /// - Throws: a file that cannot be read. Wrong records are reported and passed over.
  static func load(
    _ views: HostPlan.Views, into store: FeatureStore,
    _ report: @Sendable (HostNotice) -> Void
  ) throws(DecisionHostFailure) {
    for file in views.definitions.attributeFiles {
      let path = HostFiles.beside(views.path, file.file)
      do throws(RecordProblem) {
        var reader = try HostFiles.reader(path, file.schema)
        try load(&reader, file.schema, file.view, store, report)
      } catch {
        throw DecisionHostFailure(problems: ["\(error) (attributes of \(views.path))"])
      }
    }
  }

  private static func load(
    _ reader: inout RecordReader, _ schema: RecordSchema, _ view: Int, _ store: FeatureStore,
    _ report: @Sendable (HostNotice) -> Void
  ) throws(RecordProblem) {
    var record = EventRecord(schema)
    var records: [EventRecord] = []
    var wrong = 0
    var isAtEnd = false
    while !isAtEnd {
      do throws(RecordProblem) {
        if try reader.next(into: &record) { records.append(record) } else { isAtEnd = true }
      } catch {
        if error.isFinal { throw error }
        wrong += 1
        if wrong <= problemsMax { report(HostNotice(.warning, error.description)) }
      }
      if records.count == batch || isAtEnd, !records.isEmpty {
        try write(records, view, store)
        records.removeAll(keepingCapacity: true)
      }
    }
    if wrong > problemsMax {
      report(HostNotice(.warning, "\(wrong - problemsMax) more records of attributes are wrong"))
    }
  }

  private static func write(
    _ records: [EventRecord], _ view: Int, _ store: FeatureStore
  ) throws(RecordProblem) {
    let done = DispatchSemaphore(value: 0)
    var outcomes: [IngestOutcome] = []
    do throws(StoreFailure) {
      try store.update(records[...], view: view, into: &outcomes) { _ in done.signal() }
    } catch {
      throw RecordProblem(
        input: store.path, line: 0, column: 0, message: error.description, isFinal: true)
    }
    done.wait()
    if let failure = store.failure {
      throw RecordProblem(
        input: store.path, line: 0, column: 0, message: failure.description, isFinal: true)
    }
  }
}
