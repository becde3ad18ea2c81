package import Records
internal import Synchronization

/// Keeps decisions in a store of records.
package final class StoreRecorder: DecisionRecorder {
  /// The most records that wait to be read.
  private static let lookupsMax = 256

  private let store: RecordStore
  private let queue = ControlQueue("decisions.lookup")
  private let lookups = Mutex(0)

  /// A recorder that writes to `store`.
  package init(_ store: RecordStore) { self.store = store }

  package func record(
    _ record: DecisionRecord, durability: DecisionDurability,
    completion: @escaping @Sendable (Result<RecorderOutcome, RecorderFailure>) -> Void
  ) throws(RecorderFailure) {
    do throws(RecordFailure) {
      try store.append(record, durability: Self.durability(durability)) { result in
        switch result {
        case .success(.recorded), .success(.queued): completion(.success(.recorded))
        case .success(.duplicate(let known)): completion(.success(.duplicate(known)))
        case .failure(let failure):
          completion(.failure(RecorderFailure(failure.description)))
        }
      }
    } catch {
      throw RecorderFailure(error.description)
    }
  }

  package func isRecorded(pipeline: String, requestID: String) -> Bool {
    store.recall(pipeline: pipeline, requestID: requestID) == .written
  }

  package func find(
    pipeline: String, requestID: String,
    completion: @escaping @Sendable (Result<DecisionRecord?, RecorderFailure>) -> Void
  ) -> Bool {
    let isTaken = lookups.withLock { count in
      guard count < Self.lookupsMax else { return false }
      count += 1
      return true
    }
    guard isTaken else { return false }
    queue.execute { [self] in
      let result: Result<DecisionRecord?, RecorderFailure>
      do throws(RecordFailure) {
        result = .success(try store.find(pipeline: pipeline, requestID: requestID)?.record)
      } catch {
        result = .failure(RecorderFailure(error.description))
      }
      lookups.withLock { $0 -= 1 }
      completion(result)
    }
    return true
  }

  private static func durability(_ durability: DecisionDurability) -> Durability {
    switch durability {
    case .commit: .commit
    case .group: .group
    case .afterResponse: .afterResponse
    }
  }
}
