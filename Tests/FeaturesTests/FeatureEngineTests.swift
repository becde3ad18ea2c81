import Testing

@testable import Features

@Suite struct FeatureEngineTests {
  private let present = Int64.max

  /// Feeds payments and asks as of each before it is taken in.
  @Test(arguments: [UInt64(11), 12, 13])
  func `vectors equal the definition over accepted events`(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var engine = try FeatureFixture.engine()
    var oracle = FeatureOracle()
    var record = EventRecord(engine.definitions.sources[0].schema)
    var vector = FeatureVector()
    var counts = IngestCounts()
    var newest = Int64.min
    var payments = Payment.random(400, jitter: 9_000, using: &random)
    for _ in 0..<60 {
      // Some come twice, some far too late, some of a distant future.
      let place = Int.random(in: 0..<payments.count, using: &random)
      var extra = payments[place]
      if Bool.random(using: &random) {
        extra.id += "x"
        extra.at += Int64.random(in: -30_000...30_000, using: &random)
      }
      payments.insert(
        extra, at: min(payments.count, place + Int.random(in: 1...25, using: &random)))
    }
    var now = Int64.min
    for payment in payments {
      if !payment.id.hasSuffix("x") { now = max(now, payment.nanoseconds) }
      payment.fill(&record)
      engine.vector(0, record, at: record.time, into: &vector)
      if newest > .min, payment.nanoseconds >= newest - 10_000_000_000 {
        oracle.check(vector, payment, engine.definitions, seed: seed)
      }
      let outcome = engine.ingest(record, source: 0, now: now)
      counts.count(outcome)
      let isKnown = oracle.accepted.contains { $0.id == payment.id }
      if newest > .min, payment.nanoseconds < newest - 10_000_000_000 {
        #expect(outcome == .late(behind: newest - payment.nanoseconds))
      } else if newest > .min, payment.nanoseconds > max(newest, now) + 5_000_000_000 {
        #expect(outcome == .future(ahead: payment.nanoseconds - max(newest, now)))
      } else if isKnown {
        #expect(outcome == .duplicate)
      } else if outcome == .accepted {
        oracle.accepted.append(payment)
        newest = max(newest, payment.nanoseconds)
      } else {
        #expect(outcome == .future(ahead: payment.nanoseconds - now))
      }
      if Int.random(in: 0...9, using: &random) == 0 {
        _ = engine.expire(before: newest - 10_000_000_000, budget: 3)
      }
    }
    #expect(counts == engine.counts(source: 0))
    #expect(counts.accepted > 300 && counts.duplicate > 5 && counts.late > 1 && counts.future > 1)
  }

  @Test(arguments: [UInt64(21), 22])
  func `the order of arrival within the lateness changes nothing`(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let payments = Payment.random(300, using: &random)
    // Sorting by a jittered time permutes within the lateness.
    let shuffled = payments.map { ($0, $0.at + Int64.random(in: 0...9_900, using: &random)) }
      .sorted { ($0.1, $0.0.id) < ($1.1, $1.0.id) }.map(\.0)
    var vectors: [[FeatureVector]] = []
    for (order, key) in [(payments, UInt64(1)), (shuffled, 99), (shuffled + shuffled, 7)] {
      var engine = FeatureEngine(try FeatureFixture.definitions(), seed: (key, key))
      var record = EventRecord(engine.definitions.sources[0].schema)
      for payment in order {
        payment.fill(&record)
        _ = engine.ingest(record, source: 0, now: present)
      }
      #expect(engine.counts(source: 0).accepted == payments.count)
      var asked: [FeatureVector] = []
      for payment in payments.suffix(20) {
        payment.fill(&record)
        var vector = FeatureVector()
        engine.vector(0, record, at: payments[payments.count - 1].nanoseconds, into: &vector)
        for index in vector.values.indices where vector.values[index].isNaN {
          vector.values[index] = -12_345
        }
        asked.append(vector)
      }
      vectors.append(asked)
    }
    #expect(vectors[0] == vectors[1])
    #expect(vectors[0] == vectors[2])
  }

  @Test func `a value that an aggregate cannot take is refused and changes nothing`() throws {
    var engine = try FeatureFixture.engine()
    var record = EventRecord(engine.definitions.sources[0].schema)
    var payment = Payment(
      id: "a", at: 1_767_225_600_000, card: "c", shop: 1, country: "DE", amount: 0x1p61, bad: nil)
    for amount in [0x1p61, -0x1p61, .infinity, .nan] {
      payment.amount = amount
      payment.fill(&record)
      #expect(engine.ingest(record, source: 0, now: present) == .outOfRange(field: 3))
    }
    #expect(engine.keyCount(entity: 0) == 0)
    payment.amount = 1
    payment.fill(&record)
    #expect(engine.ingest(record, source: 0, now: present) == .accepted)
    #expect(engine.counts(source: 0).refused == 4)
  }

  @Test func `instants beyond the calendar are refused or brought back into it`() throws {
    var engine = try FeatureFixture.engine()
    var record = EventRecord(engine.definitions.sources[0].schema)
    var vector = FeatureVector()
    for time in [Int64.min, -2_208_988_800_000_000_001, 7_258_118_400_000_000_000, .max] {
      record.clear()
      record.set(time: time)
      record.set(id: "1")
      record.set(0, string: "a")
      #expect(engine.ingest(record, source: 0, now: present) == .timeOutOfRange)
      engine.vector(0, record, at: time, into: &vector)
      #expect(vector.values.first == 0)
    }
  }

  @Test func `an entity has no more keys than it may`() throws {
    let text = FeatureFixture.text.replacing(
      "card: {key: card}", with: "card: {key: card, keys_max: 2}")
    var engine = try FeatureFixture.engine(text)
    var record = EventRecord(engine.definitions.sources[0].schema)
    var outcomes: [IngestOutcome] = []
    for (number, card) in ["a", "b", "c", "a"].enumerated() {
      Payment(
        id: "\(number)", at: 1_767_225_600_000, card: card, shop: nil, country: "DE", amount: 1,
        bad: nil
      ).fill(&record)
      outcomes.append(engine.ingest(record, source: 0, now: present))
    }
    #expect(outcomes == [.accepted, .accepted, .keysFull(entity: 0), .accepted])
    // A day later the old keys go, and there is room again.
    let later = record.time + 86_400_000_000_000
    #expect(engine.expire(before: later, budget: 100) == 2)
    #expect(engine.keyCount(entity: 0) == 0)
    #expect(engine.expire(before: later, budget: 100) == 0)
  }

  @Test func `events without a key or a filter's answer do not count there`() throws {
    let text = FeatureFixture.text.replacing(
      "filter: amount >= 0.0", with: "filter: bad == true || shop > 3")
    var engine = try FeatureFixture.engine(text)
    var record = EventRecord(engine.definitions.sources[0].schema)
    Payment(
      id: "1", at: 1_767_225_600_000, card: "c", shop: nil, country: "DE", amount: 1, bad: false
    ).fill(&record)
    #expect(engine.ingest(record, source: 0, now: present) == .accepted)
    #expect(engine.filterFailures(view: 0) == 1)
    #expect(engine.keyCount(entity: 0) == 0)
    #expect(engine.keyCount(entity: 1) == 0)
  }

  @Test func `statuses and ages follow the time to live`() throws {
    let text = """
      sources:
        s: {time: t, time_unit: seconds, id: id, fields: {k: string, x: double}}
      entities: {k: {key: k}}
      views:
        v:
          entity: k
          source: s
          ttl: 100s
          windows: [1h]
          features:
            - {name: kept, aggregate: sum, of: x}
            - {name: gone, aggregate: max, of: x, default: -7, stale: default}
            - {name: long, aggregate: last, of: x, ttl: 1h}
          derived:
            - {name: twice, type: double, expression: kept_1h * 2.0}
            - {name: none, type: double, expression: long_1h + 1.0, default: 3}
      services: {all: [v.*]}
      """
    var engine = try FeatureFixture.engine(text)
    var record = EventRecord(engine.definitions.sources[0].schema)
    var vector = FeatureVector()
    let start: Int64 = 1_767_225_600_000_000_000
    record.set(time: start)
    record.set(id: "1")
    record.set(0, string: "a")
    engine.vector(0, record, at: start, into: &vector)
    #expect(vector.statuses == [.fresh, .default, .missing, .fresh, .default])
    #expect(vector.ages == [-1, -1, -1, -1, -1])
    #expect(Array(vector.values[0...1]) == [0, -7])
    #expect(vector.values[2].isNaN && vector.values[4] == 3)
    record.set(1, double: 5)
    _ = engine.ingest(record, source: 0, now: present)
    let second: Int64 = 1_000_000_000
    engine.vector(0, record, at: start + 100 * second, into: &vector)
    #expect(vector.statuses == [.fresh, .fresh, .fresh, .fresh, .fresh])
    #expect(vector.values == [5, 5, 5, 10, 6])
    engine.vector(0, record, at: start + 101 * second, into: &vector)
    #expect(vector.statuses == [.stale, .default, .fresh, .stale, .fresh])
    #expect(vector.values == [5, -7, 5, 10, 6])
    #expect(vector.ages == [Int64](repeating: 101 * second, count: 5))
  }
}
