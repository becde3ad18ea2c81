import Features

/// What one decision of a serving loop costs the state: thirty features of a card and a terminal,
/// then its own event, among keys that have a week of history. Nothing is kept on a disk.
struct DecisionRuns {
  let cards: Int
  let events: Int
  private var random = Walk(state: 0x9E37_79B9_7F4A_7C15)
  private var number = 0
  private var time = Payments.start

  init(cards: Int, events: Int) {
    self.cards = cards
    self.events = events
  }

  private static let views = """
    sources:
      payments:
        time: time
        time_unit: nanoseconds
        id: id
        lateness: 60s
        ids_max: 4000000
        fields: {card: string, terminal: string, country: string, amount: double}
    entities:
      card: {key: card}
      terminal: {key: terminal}
    views:
      card_activity:
        entity: card
        source: payments
        windows: [5m, 1h, 24h, 7d]
        features:
          - {name: count, aggregate: count}
          - {name: spent, aggregate: sum, of: amount}
          - {name: mean, aggregate: mean, of: amount}
          - {name: peak, aggregate: max, of: amount}
          - {name: deviation, aggregate: standard_deviation, of: amount, windows: [7d], default: 0}
          - {name: last_amount, aggregate: last, of: amount, windows: [7d], default: 0}
          - {name: terminals, aggregate: distinct, of: terminal, windows: [7d]}
        derived:
          - name: burst
            type: double
            expression: double(count_1h) / (double(count_24h) + 1.0)
      terminal_activity:
        entity: terminal
        source: payments
        windows: [1h, 24h]
        features:
          - {name: count, aggregate: count}
          - {name: spent, aggregate: sum, of: amount}
    transforms:
      - {name: amount_scaled, scale: {of: amount, mean: 58.0, deviation: 43.0}}
      - {name: amount_bucket, bucketize: {of: amount, boundaries: [10, 50, 100, 220]}}
      - {name: home, one_hot: {of: country, values: [DE, FR]}}
    services:
      payment:
        [amount, amount_scaled, amount_bucket, card_activity.*, terminal_activity.*, home]
    """

  private mutating func fill(_ record: inout EventRecord, step: Int64) {
    let draw = random.next()
    record.clear()
    record.set(time: time)
    record.set(id: "payment-\(number)")
    record.set(0, string: "card-\(draw >> 32 % UInt64(cards))")
    record.set(1, string: "terminal-\(draw >> 8 & 0xFFF_FFFF % UInt64(max(1, cards / 20)))")
    record.set(2, string: draw & 3 == 0 ? "FR" : "DE")
    record.set(3, double: Double(draw & 0xFFFF) / 100)
    number += 1
    time += step
  }

  mutating func run() throws {
    let definitions = try FeatureFile.parse(Self.views, path: "views.yaml")
    let store = try FeatureStore.volatile(definitions)
    let schema = definitions.sources[0].schema
    var outcomes: [IngestOutcome] = []
    let history = cards * 20
    let step = 7 * 86_400 * 1_000_000_000 / Int64(history)
    var records = [EventRecord](repeating: EventRecord(schema), count: 1_000)
    for _ in 0..<history / records.count {
      for index in records.indices { fill(&records[index], step: step) }
      store.ingestVolatile(records[...], source: 0, now: .max, into: &outcomes)
    }
    var vector = FeatureVector()
    var sum = 0.0
    for round in 1...5 {
      var reads = Durations()
      var writes = Durations()
      for _ in 0..<events / records.count {
        for index in records.indices { fill(&records[index], step: 200_000) }
        for index in records.indices {
          let start = Clocks.wall()
          _ = store.vectorIfFree(0, records[index], at: records[index].time, into: &vector)
          let middle = Clocks.wall()
          try store.ingest(
            records[index...index], source: 0, now: .max, into: &outcomes, completion: nil)
          writes.add(Clocks.wall() - middle)
          reads.add(middle - start)
          sum += vector.values[5]
        }
      }
      print("decision \(round): \(vector.values.count) features: \(reads.text())")
      print("decision \(round): its event: \(writes.text()) (\(sum))")
    }
    try store.close()
  }
}
