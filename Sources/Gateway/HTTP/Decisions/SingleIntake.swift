internal import Features
internal import NIOCore

/// One event or one row of attributes: answered once it is durable.
final class SingleIntake: BodyWork {
  private unowned let connection: HTTPConnectionHandler
  private let table: IntakeTable
  private var counts = IntakeCounts()
  private var isAbandoned = false

  init(_ table: IntakeTable, connection: HTTPConnectionHandler) {
    self.table = table
    self.connection = connection
  }

  /// ``take(_:on:)`` begins it.
  func start() {}

  func abandon() { isAbandoned = true }

  /// It has begun.
  func cancel() {}

  /// Hands the record to the store.
  func take(_ records: ArraySlice<EventRecord>, on eventLoop: any EventLoop) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    var outcomes: [IngestOutcome] = []
    do throws(StoreFailure) {
      try table.take(records, into: &outcomes) { result in
        eventLoop.execute { bound.value.stored(result) }
      }
      for outcome in outcomes { counts.count(outcome, line: 1, of: table) }
    } catch {
      end(ControlAnswer(error))
    }
  }

  private func stored(_ result: Result<Void, StoreFailure>) {
    guard !isAbandoned else { return }
    switch result {
    case .success:
      if let refusal = counts.refusals.first {
        end(.invalid(refusal.error))
      } else {
        end(ControlAnswer { DecisionAnswer.write(self.counts, to: &$0) })
      }
    case .failure(let failure): end(ControlAnswer(failure))
    }
  }

  /// Answers, once.
  private func end(_ result: ControlAnswer) {
    isAbandoned = true
    connection.finish(self, result)
  }
}
