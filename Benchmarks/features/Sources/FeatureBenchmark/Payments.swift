import Features

/// Payments of cards drawn evenly, five thousand a second of event time.
struct Payments {
  static let step: Int64 = 200_000
  static let start: Int64 = 1_767_225_600_000_000_000

  var random = Walk(state: 88_172_645_463_325_252)
  var number = 0
  let cards: Int
  var time = Payments.start

  init(cards: Int) { self.cards = cards }

  /// Views of one entity: four windows, `count` and `sum` or a wider set.
  static func views(wide: Bool) -> String {
    let more = """
            - {name: mean, aggregate: mean, of: amount}
            - {name: low, aggregate: min, of: amount, default: 0}
            - {name: high, aggregate: max, of: amount, default: 0}
            - {name: deviation, aggregate: standard_deviation, of: amount, default: 0}
            - {name: last, aggregate: last, of: amount, default: 0}
            - {name: first, aggregate: first, of: amount, default: 0}
            - {name: rate, aggregate: rate}
            - {name: abroad, aggregate: sum, of: amount, filter: country != "DE"}
            - {name: night, aggregate: count, filter: time.getHours() < 6}
            - {name: decayed, aggregate: decayed_sum, of: amount, half_life: 1h}
          derived:
            - {name: share, type: double, expression: "sum_1m / (sum_24h + 1.0)"}
            - {name: excess, type: double, expression: "mean_1h / (mean_24h + 1.0)", default: 0}

      """
    return """
      sources:
        payments:
          time: time
          time_unit: nanoseconds
          id: id
          lateness: 60s
          future: 60s
          ids_max: 2000000
          fields: {card: string, shop: int, country: string, amount: double}
      entities:
        card: {key: card}
      views:
        activity:
          entity: card
          source: payments
          windows: [1m, 5m, 1h, 24h]
          features:
            - {name: count, aggregate: count}
            - {name: sum, aggregate: sum, of: amount}
      \(wide ? more : "")
      services:
        all: [activity.*]
      """
  }

  mutating func fill(_ record: inout EventRecord) {
    let draw = random.next()
    record.clear()
    record.set(time: time)
    record.set(id: "p-\(number)")
    record.set(0, string: "card-\(draw >> 32 % UInt64(cards))")
    record.set(1, int: Int64(draw & 1023))
    record.set(2, string: draw & 3 == 0 ? "FR" : "DE")
    record.set(3, double: Double(draw & 0xFFFF) / 100)
    number += 1
    time += Self.step
  }

  mutating func batch(_ count: Int, _ schema: RecordSchema) -> [EventRecord] {
    (0..<count).map { _ in
      var record = EventRecord(schema)
      fill(&record)
      return record
    }
  }

  /// One line of NDJSON.
  mutating func line() -> String {
    let draw = random.next()
    defer {
      number += 1
      time += Self.step
    }
    let card = draw >> 32 % UInt64(cards)
    return "{\"id\":\"p-\(number)\",\"time\":\(time),\"card\":\"card-\(card)\","
      + "\"shop\":\(draw & 1023),\"country\":\"\(draw & 3 == 0 ? "FR" : "DE")\","
      + "\"amount\":\(Double(draw & 0xFFFF) / 100)}\n"
  }
}
