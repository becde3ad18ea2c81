internal import Decisions
private import Dispatch
internal import Records

extension NeedletailEngine {
  /// The record of a decision; `nil` if there is none, or the engine has no folder of state.
  ///
  /// - Throws: ``EngineFailure`` if the file of records cannot be read.
  public func record(id: String) async throws(EngineFailure) -> DecisionRecord? {
    try await query { store throws(RecordFailure) in
      try store.find(id: id).map(DecisionRecord.init)
    }.flatMap(\.self)
  }

  /// Records by the time they were decided, ascending.
  ///
  /// - Parameters:
  ///   - pipeline: only records of this pipeline.
  ///   - from: nanoseconds since 1970, included.
  ///   - to: nanoseconds since 1970, not included.
  ///   - limit: 1 to 1,000.
  ///   - after: the `next` of the page before.
  /// - Throws: ``EngineFailure`` if `after` is none, or the file cannot be read.
  public func records(
    pipeline: String? = nil, from: Int64? = nil, to: Int64? = nil, limit: Int = 100,
    after: String? = nil
  ) async throws(EngineFailure) -> DecisionRecordPage {
    let cursor = after.flatMap { RecordCursor($0) }
    if let after, cursor == nil {
      throw EngineFailure(.invalidInput, "'\(after)' is no 'next' of a page of records")
    }
    let page = try await query { store throws(RecordFailure) in
      try store.list(pipeline: pipeline, from: from, to: to, limit: limit, after: cursor)
    }
    guard let page else { return DecisionRecordPage(records: [], next: nil) }
    return DecisionRecordPage(
      records: page.records.map(DecisionRecord.init), next: page.next?.description)
  }

  /// Asks the store on a thread that may block; `nil` without a store.
  private func query<Answer: Sendable>(
    _ body: @escaping @Sendable (RecordStore) throws(RecordFailure) -> Answer
  ) async throws(EngineFailure) -> Answer? {
    try checkOpen()
    guard let store = host.records else { return nil }
    let result: Result<Answer, EngineFailure> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        do throws(RecordFailure) {
          continuation.resume(returning: .success(try body(store)))
        } catch {
          continuation.resume(
            returning: .failure(EngineFailure(.durability, error.description)))
        }
      }
    }
    return try result.get()
  }
}
