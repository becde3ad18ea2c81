import Testing

@testable import Features

/// A file of views with every kind of feature, for tests of the engine.
enum FeatureFixture {
  static let text = """
    sources:
      payments:
        time: at
        time_unit: milliseconds
        id: id
        lateness: 10s
        future: 5s
        fields: {card: string, shop: int?, country: string, amount: double, bad: bool?}
    entities:
      card: {key: card}
      pair: {key: [card, shop]}
    views:
      activity:
        entity: card
        source: payments
        filter: amount >= 0.0
        windows: [10s, 1m, {length: 5m, hop: 1m}]
        features:
          - {name: count, aggregate: count}
          - {name: spent, aggregate: sum, of: amount}
          - {name: mean, aggregate: mean, of: amount}
          - {name: low, aggregate: min, of: amount, default: -1}
          - {name: high, aggregate: max, of: amount}
          - {name: rate, aggregate: rate, windows: [1m]}
          - {name: abroad, aggregate: sum, of: amount, filter: country != "DE", windows: [5m]}
          - {name: shops, aggregate: distinct, of: shop, windows: [5m]}
          - {name: first, aggregate: first, of: amount, windows: [1m]}
          - {name: last, aggregate: last, of: amount, windows: [1m]}
          - {name: bad, aggregate: mean, of: bad, delay: 30s, windows: [5m], default: 0}
        derived:
          - {name: share, type: double, expression: "spent_10s / (spent_5m + 1.0)"}
      together:
        entity: pair
        source: payments
        windows: [1m]
        features:
          - {name: count, aggregate: count}
    transforms:
      - {name: scaled, scale: {of: amount, mean: 50, deviation: 25}}
      - {name: bucket, bucketize: {of: amount, boundaries: [10, 20, 80]}}
      - {name: land, one_hot: {of: country, values: [DE, FR]}}
      - {name: hashed, hash: {of: [country, shop], buckets: 1000}, default: -1}
      - {name: risk, lookup: {of: country, table: {DE: 0.1, FR: 0.2}}, default: 0.5}
      - {name: ratio, type: double, expression: amount / activity.mean_5m}
    services:
      all: [activity.*, together.*, scaled, bucket, land, hashed, risk, ratio, amount]
    """

  static func definitions(_ text: String = text) throws -> FeatureDefinitions {
    try FeatureFile.parse(text, path: "views.yaml")
  }

  static func engine(_ text: String = text) throws -> FeatureEngine {
    FeatureEngine(try definitions(text), seed: (1, 2))
  }

  /// An input that hands out its bytes in pieces.
  static func source(_ text: String, chunk: Int = 1 << 18) -> (inout [UInt8]) throws -> Bool {
    let bytes = Array(text.utf8)
    var position = 0
    return { buffer in
      guard position < bytes.count else { return false }
      let end = min(bytes.count, position + chunk)
      buffer.append(contentsOf: bytes[position..<end])
      position = end
      return true
    }
  }
}

/// One payment of a test.
struct Payment: Equatable {
  var id: String
  /// Milliseconds since 1970.
  var at: Int64
  var card: String
  var shop: Int64? = nil
  var country: String
  var amount: Double
  var bad: Bool? = nil

  var nanoseconds: Int64 { at * 1_000_000 }

  func fill(_ record: inout EventRecord) {
    record.clear()
    record.set(time: nanoseconds)
    record.set(id: id)
    record.set(0, string: card)
    if let shop { record.set(1, int: shop) }
    record.set(2, string: country)
    record.set(3, double: amount)
    if let bad { record.set(4, bool: bad) }
  }

  var csv: String {
    "\(id),\(at),\(card),\(shop.map { String($0) } ?? ""),\(country),\(amount),"
      + "\(bad.map { String($0) } ?? "")\n"
  }

  var json: String {
    "{\"id\":\"\(id)\",\"at\":\(at),\"card\":\"\(card)\",\"shop\":"
      + "\(shop.map { String($0) } ?? "null"),\"country\":\"\(country)\",\"amount\":\(amount)"
      + "\(bad.map { ",\"bad\":\($0)" } ?? "")}\n"
  }

  static let header = "id,at,card,shop,country,amount,bad\n"

  /// Payments with ascending ids; times ascend but for a jitter below the lateness.
  static func random(
    _ count: Int, jitter: Int64 = 0, using random: inout SeededGenerator
  ) -> [Payment] {
    var clock: Int64 = 1_767_225_600_000
    return (0..<count).map { number in
      clock += Int64.random(in: 0...900, using: &random)
      // Now and then a pause, after which most windows are empty.
      if Int.random(in: 0...49, using: &random) == 0 { clock += 200_000 }
      let behind = jitter > 0 ? Int64.random(in: 0...jitter, using: &random) : 0
      return Payment(
        id: "p\(number)", at: clock - behind,
        card: "c\(Int.random(in: 0...4, using: &random))",
        shop: Bool.random(using: &random) ? Int64.random(in: -3...9, using: &random) : nil,
        country: ["DE", "FR", "NL"][Int.random(in: 0...2, using: &random)],
        amount: Double(Int.random(in: -8...800, using: &random)) / 8,
        bad: [nil, true, false][Int.random(in: 0...2, using: &random)])
    }
  }
}
