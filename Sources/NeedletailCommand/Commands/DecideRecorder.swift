import Decisions
import Records

/// Keeps decisions in a store of records.
struct DecideRecorder: DecisionRecorder {
  let store: RecordStore

  func record(
    _ entry: DecisionEntry, durability: DecisionDurability,
    completion: @escaping @Sendable (Result<RecordedEntry, RecorderFailure>) -> Void
  ) throws(RecorderFailure) {
    let record = DecisionRecord(
      id: entry.id, requestID: entry.requestID, pipeline: entry.pipeline,
      pipelineDigest: entry.digest, decidedAt: entry.decidedAt, outcome: entry.outcome,
      isDegraded: entry.isDegraded, body: entry.body)
    do throws(RecordFailure) {
      try store.append(record, durability: Self.durability(durability)) { result in
        switch result {
        case .success(.recorded), .success(.queued): completion(.success(.recorded))
        case .success(.duplicate(let known)):
          completion(.success(.duplicate(body: known.body)))
        case .failure(let failure):
          completion(.failure(RecorderFailure(failure.description)))
        }
      }
    } catch {
      throw RecorderFailure(error.description)
    }
  }

  private static func durability(_ durability: DecisionDurability) -> Durability {
    switch durability {
    case .commit: .commit
    case .group: .group
    case .afterResponse: .afterResponse
    }
  }
}
