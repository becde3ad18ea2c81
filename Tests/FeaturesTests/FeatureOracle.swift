import Testing

@testable import Features

/// The answers from the definition: all accepted payments, one loop a feature.
struct FeatureOracle {
  var accepted: [Payment] = []
  private let second: Int64 = 1_000_000_000
  /// A 32nd of a minute.
  private let minuteHop: Int64 = 1_875_000_000

  /// Payments of a card that a window covers.
  private func covered(
    _ card: String, _ length: Int64, _ hop: Int64, at time: Int64, delay: Int64 = 0
  ) -> [Payment] {
    let start = (time - delay) / hop * hop
    return accepted.filter {
      $0.card == card && $0.amount >= 0 && $0.nanoseconds >= start - length
        && $0.nanoseconds < start + hop
    }
  }

  /// The features of the views, by name; those missing are absent.
  func features(_ request: Payment) -> [String: Double] {
    var result: [String: Double] = [:]
    let time = request.nanoseconds
    let windows = [
      ("10s", 10 * second, second), ("1m", 60 * second, minuteHop),
      ("5m", 300 * second, 60 * second),
    ]
    for (name, length, hop) in windows {
      let events = covered(request.card, length, hop, at: time)
      let amounts = events.map(\.amount)
      result["activity.count_\(name)"] = Double(events.count)
      result["activity.spent_\(name)"] = amounts.reduce(0, +)
      if !events.isEmpty {
        result["activity.mean_\(name)"] = amounts.reduce(0, +) / Double(events.count)
      }
      result["activity.low_\(name)"] = amounts.min() ?? -1
      result["activity.high_\(name)"] = amounts.max()
    }
    let minute = covered(request.card, 60 * second, minuteHop, at: time)
    result["activity.rate_1m"] = Double(minute.count) / 60
    let ordered = minute.sorted { ($0.at, order($0)) < ($1.at, order($1)) }
    result["activity.first_1m"] = ordered.first?.amount
    result["activity.last_1m"] = ordered.last?.amount
    let five = covered(request.card, 300 * second, 60 * second, at: time)
    result["activity.abroad_5m"] = five.filter { $0.country != "DE" }.map(\.amount).reduce(0, +)
    result["activity.shops_5m"] = Double(Set(five.compactMap(\.shop)).count)
    let known = covered(request.card, 300 * second, 60 * second, at: time, delay: 30 * second)
      .compactMap(\.bad)
    result["activity.bad_5m"] =
      known.isEmpty ? 0 : Double(known.count { $0 }) / Double(known.count)
    result["activity.share"] =
      (result["activity.spent_10s"] ?? 0) / ((result["activity.spent_5m"] ?? 0) + 1)
    result["together.count_1m"] = together(request, at: time)
    transforms(request, &result)
    return result
  }

  private func together(_ request: Payment, at time: Int64) -> Double {
    let start = time / minuteHop * minuteHop
    guard let shop = request.shop else { return 0 }
    return Double(
      accepted.count {
        $0.card == request.card && $0.shop == shop && $0.nanoseconds >= start - 60 * second
          && $0.nanoseconds < start + minuteHop
      })
  }

  private func transforms(_ request: Payment, _ result: inout [String: Double]) {
    result["amount"] = request.amount
    result["scaled"] = (request.amount - 50) / 25
    result["bucket"] = Double([10.0, 20, 80].count { $0 <= request.amount })
    result["land_DE"] = request.country == "DE" ? 1 : 0
    result["land_FR"] = request.country == "FR" ? 1 : 0
    result["land_other"] = request.country == "NL" ? 1 : 0
    result["risk"] = ["DE": 0.1, "FR": 0.2][request.country] ?? 0.5
    result["hashed"] = request.shop.map { hashed(request.country, $0) } ?? -1
    // 0 / 0 has no value.
    if let mean = result["activity.mean_5m"], mean != 0 || request.amount != 0 {
      result["ratio"] = request.amount / mean
    }
  }

  private func hashed(_ country: String, _ shop: Int64) -> Double {
    var hash: UInt64 = 14_695_981_039_346_656_037
    for byte in Array(country.utf8) + [0xFF] + Array(String(shop).utf8) {
      hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211
    }
    return Double(hash % 1000)
  }

  private func order(_ payment: Payment) -> UInt64 {
    SipHash(0, 0).hash(Array(payment.id.utf8).span).low
  }

  /// Reports where a vector differs from the definition.
  func check(
    _ vector: FeatureVector, _ request: Payment, _ definitions: FeatureDefinitions, seed: UInt64
  ) {
    let expected = features(request)
    for (index, slot) in definitions.services[0].slots.enumerated() {
      let name = definitions.slots[slot].name
      let seen = vector.statuses[index] == .missing ? nil : vector.values[index]
      if seen != expected[name] {
        Issue.record(
          """
          seed \(seed): \(name) of \(request) is \(String(describing: seen)), not \
          \(String(describing: expected[name]))
          """)
      }
    }
  }
}
