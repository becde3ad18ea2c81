import Testing

@testable import LoadGenerator

@Suite struct InFlightTableTests {
  private func request(_ sent: Int64, on connection: Int = 0, isMeasured: Bool = true)
    -> InFlightRequest
  {
    InFlightRequest(
      intended: sent, sent: sent, deadline: sent + 100, entry: 0, connection: connection,
      isMeasured: isMeasured)
  }

  @Test func `a ticket is good once`() {
    var table = InFlightTable()
    let first = table.insert(request(1))
    #expect(table.remove(first)?.sent == 1)
    #expect(table.remove(first) == nil)
    let second = table.insert(request(2))
    #expect(second != first)
    #expect(table.remove(first) == nil)
    #expect(table.remove(second)?.sent == 2)
    #expect(table.remove(-1) == nil)
    #expect(table.remove(99) == nil)
  }

  @Test func `the order of sending survives random ends`() {
    let seed = UInt64.random(in: 0..<1_000_000)
    print("seed of the table's walk: \(seed)")
    var random = RandomSource(seed: seed)
    var table = InFlightTable()
    var model: [(ticket: Int, sent: Int64)] = []
    for step in 0..<5_000 {
      if model.isEmpty || random.below(2) == 0 {
        let sent = Int64(step)
        model.append((table.insert(request(sent, on: step % 3, isMeasured: step % 2 == 0)), sent))
      } else {
        let (ticket, sent) = model.remove(at: random.below(model.count))
        #expect(table.remove(ticket)?.sent == sent)
      }
      #expect(table.count == model.count)
      #expect(table.measuredCount == model.count { $0.sent % 2 == 0 })
      #expect(table.first?.ticket == model.first?.ticket)
      #expect(table.first?.deadline == model.first.map { $0.sent + 100 })
    }
    let onOne = model.filter { $0.sent % 3 == 1 }.map(\.ticket)
    #expect(table.tickets(onConnection: 1) == onOne)
  }
}
