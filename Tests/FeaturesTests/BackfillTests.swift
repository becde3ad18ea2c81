import Testing

@testable import Features

@Suite struct BackfillTests {
  private func run(
    _ text: String, events: String, format: RecordFormat = .csv,
    more: [(source: Int, text: String)] = [], rows: String? = nil,
    profiles: [String] = [], change: (inout BackfillOptions) -> Void = { _ in }
  ) throws -> (lines: [String], report: BackfillReport) {
    let definitions = try FeatureFixture.definitions(text)
    var options = BackfillOptions(service: 0, now: .max)
    change(&options)
    var backfill = Backfill(definitions, options)
    let schema = definitions.sources[0].schema
    let request = try #require(definitions.request)
    let output = OutputBox()
    let report = try backfill.run(
      events: [
        (0, RecordReader(format, schema, name: "events", source: FeatureFixture.source(events)))
      ]
        + more.map { source, text in
          let schema = definitions.sources[source].schema
          return (
            source, RecordReader(.csv, schema, name: "more", source: FeatureFixture.source(text))
          )
        },
      attributes: zip(definitions.attributeFiles, profiles).map { file, profile in
        (
          file.view,
          RecordReader(.csv, file.schema, name: "profiles", source: FeatureFixture.source(profile))
        )
      },
      rows: rows.map {
        RecordReader(
          .csv, request, name: "rows",
          wanted: definitions.services[0].requestFields.union(options.kept),
          source: FeatureFixture.source($0))
      },
      sink: { output.bytes += $0 })
    let lines = String(decoding: output.bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init)
    #expect(lines.last?.isEmpty == true)
    return (lines.dropLast(), report)
  }

  private final class OutputBox {
    var bytes: [UInt8] = []
  }

  @Test(arguments: [UInt64(61), 62])
  func `replaying one by one equals the backfill bit by bit`(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let payments = Payment.random(2_000, jitter: 12_000, using: &random)
    var engine = FeatureEngine(try FeatureFixture.definitions(), seed: (77, 88))
    var record = EventRecord(engine.definitions.sources[0].schema)
    var vector = FeatureVector()
    var expected: [(id: String, values: [UInt64?])] = []
    for payment in payments {
      payment.fill(&record)
      engine.vector(0, record, at: record.time, into: &vector)
      guard engine.ingest(record, source: 0, now: .max) == .accepted else { continue }
      expected.append(
        (
          payment.id,
          zip(vector.values, vector.statuses).map { $1 == .missing ? nil : $0.bitPattern }
        ))
    }
    let csv = Payment.header + payments.map(\.csv).joined()
    let (lines, report) = try run(FeatureFixture.text, events: csv)
    #expect(report.events == [engine.counts(source: 0)] && report.events[0].late > 0)
    #expect(report.rows == expected.count && lines.count == expected.count + 1)
    for (line, (id, values)) in zip(lines.dropFirst(), expected) {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      #expect(cells[0] == id)
      #expect(cells.dropFirst(2).map { Double($0)?.bitPattern } == values, "\(id)")
    }
    let json = try run(
      FeatureFixture.text, events: payments.map(\.json).joined(), format: .ndjson)
    #expect(json.lines == lines)
  }

  @Test func `rows see what happened before their instant, and nothing of it`() throws {
    let events =
      Payment.header
      + [
        Payment(id: "1", at: 1_767_225_600_000, card: "a", country: "DE", amount: 5),
        Payment(id: "2", at: 1_767_225_601_000, card: "a", country: "DE", amount: 7),
      ].map(\.csv).joined()
    let text = FeatureFixture.text.replacing(
      "all: [activity.*, together.*, scaled, bucket, land, hashed, risk, ratio, amount]",
      with: "all: [activity.spent_1m, activity.count_1m]")
    let rows = "at,id,card\n1767225600000,r1,a\n1767225601000,r2,a\n1767225601001,r3,a\n"
    let (lines, report) = try run(text, events: events, rows: rows) {
      $0.writesAges = true
      $0.writesStatuses = true
      $0.kept = [0]
    }
    #expect(
      lines == [
        "id,at,card,activity.spent_1m,activity.spent_1m:status,activity.spent_1m:age_seconds,"
          + "activity.count_1m,activity.count_1m:status,activity.count_1m:age_seconds",
        "r1,1767225600000,a,0,fresh,,0,fresh,", "r2,1767225601000,a,5,fresh,1,1,fresh,1",
        "r3,1767225601001,a,12,fresh,0.001,2,fresh,0.001",
      ])
    #expect(report.rows == 3)
    #expect(throws: RecordProblem.self) {
      _ = try run(text, events: events, rows: "at,id,card\n2000,r,a\n1000,r,a\n")
    }
  }

  @Test func `attributes hold from the instant after they were so`() throws {
    let text = """
      sources:
        s: {time: t, time_unit: seconds, id: id, fields: {k: string, x: double}}
      entities: {k: {key: k}}
      views:
        v: {entity: k, source: s, windows: [1h], features: [{name: n, aggregate: count}]}
        p:
          entity: k
          ttl: 10s
          attributes:
            file: profiles.csv
            time: at
            time_unit: seconds
            fields: {limit: {type: double, default: 1, stale: default}, home: string}
      transforms:
        - {name: at_home, lookup: {of: p.home, table: {DE: 1, FR: 2}}, default: 0}
        - {name: land, one_hot: {of: p.home, values: [DE]}}
      services: {all: [v.n_1h, p.limit, at_home, land]}
      """
    let events = "t,id,k,x\n5,1,a,1\n10,2,a,1\n11,3,a,1\n16,4,b,1\n21,5,a,1\n"
    let (lines, report) = try run(
      text, events: events, profiles: ["k,at,limit,home\na,10,7,DE\nb,2,,FR\nb,1,5,DE\n"])
    #expect(
      lines.dropFirst() == [
        "1,5,0,1,0,0,0", "2,10,1,1,0,0,0", "3,11,2,7,1,1,0", "4,16,0,1,2,0,1", "5,21,3,1,1,1,0",
      ])
    #expect(report.attributes == 3)
  }

  @Test func `several sources are merged by time, each in its own order`() throws {
    let text = """
      sources:
        pay: {time: t, time_unit: seconds, id: id, fields: {k: string, x: double}}
        back: {time: t, time_unit: seconds, id: id, fields: {k: string, y: int}}
      entities: {k: {key: k}}
      request: {time: at, time_unit: seconds, id: row, fields: {k: string, z: double?}}
      views:
        p: {entity: k, source: pay, windows: [1h], features: [{name: s, aggregate: sum, of: x}]}
        b: {entity: k, source: back, windows: [1h], features: [{name: s, aggregate: sum, of: y}]}
      transforms: [{name: net, type: double, expression: p.s_1h - b.s_1h}]
      services: {one: [p.s_1h, b.s_1h, net], other: [z]}
      """
    let back = "t,id,k,y\n2,1,a,1\n6,2,a,10\n5,3,a,100\n"
    let (lines, report) = try run(
      text, events: "t,id,k,x\n1,1,a,0.5\n4,2,b,7\n6,3,a,0.25\n", more: [(1, back)],
      rows: "at,row,k\n2,r1,a\n5,r2,a\n6,r3,b\n7,r4,a\n")
    #expect(
      lines == [
        "row,at,p.s_1h,b.s_1h,net", "r1,2,0.5,0,0.5", "r2,5,0.5,1,-0.5", "r3,6,7,0,7",
        "r4,7,0.75,111,-110.25",
      ])
    #expect(report.events.map(\.accepted) == [3, 3])
  }

  @Test func `bad records are reported and left out, or end it`() throws {
    let events =
      Payment.header
      + "1,1767225600000,a,,DE,5,\n2,1767225600001,a,,DE,x,\n3,1767225600002,a,,DE,4e18,\n"
      + "1,1767225600000,a,,DE,5,\n4,1767225600003,a,,DE,1,\n"
    let (lines, report) = try run(FeatureFixture.text, events: events)
    #expect(lines.count == 3)
    #expect(report.badRecords == 2)
    #expect(report.problems.map(\.line) == [3, 4])
    #expect(report.events[0].duplicate == 1 && report.events[0].refused == 1)
    #expect(throws: RecordProblem.self) {
      _ = try run(FeatureFixture.text, events: events) { $0.isStrict = true }
    }
  }

  @Test func `texts that need quotes are written in quotes`() throws {
    let text = FeatureFixture.text.replacing(
      "all: [activity.*, together.*, scaled, bucket, land, hashed, risk, ratio, amount]",
      with: "all: [amount]")
    let events = Payment.header + "\"a\"\"b,c\",1767225600000,\"x\ny\",,DE,0.1,\n"
    let (lines, _) = try run(text, events: events) { $0.kept = [0, 3] }
    #expect(
      lines == ["id,at,card,amount,amount", "\"a\"\"b,c\",1767225600000,\"x", "y\",0.1,0.1"])
  }
}
