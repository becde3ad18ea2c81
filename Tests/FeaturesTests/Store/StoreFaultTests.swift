import Testing

@testable import Features

@Suite struct StoreFaultTests {
  private func file(_ disk: SimulatedDisk, _ prefix: String) throws -> (name: String, number: Int) {
    let found = disk.change { state in
      state.names.sorted { $0.key < $1.key }.last { $0.key.hasPrefix(prefix) }
    }
    let file = try #require(found)
    return (file.key, file.value)
  }

  private func edit(
    _ disk: SimulatedDisk, _ number: Int, _ body: @Sendable (inout [UInt8]) -> Void
  ) {
    disk.change { state in
      body(&state.contents[number, default: SimulatedDisk.Content()].current)
    }
  }

  @Test func `an event is acknowledged when the disk has it`() throws {
    let fixture = try StoreFixture()
    #expect(try fixture.send(0..<10).allSatisfy { $0 == .accepted })
    #expect(fixture.results.stored == 0)
    #expect(fixture.store.log.commit())
    #expect(fixture.results.stored == 1)
    #expect(!fixture.store.log.commit())
  }

  @Test func `a duplicate is acknowledged no sooner than its first`() throws {
    let fixture = try StoreFixture()
    try fixture.send(0..<3)
    #expect(try fixture.send(0..<3).allSatisfy { $0 == .duplicate })
    #expect(fixture.results.stored == 0)
    while fixture.store.log.commit() {}
    #expect(fixture.results.stored == 2)
  }

  @Test func `a torn tail is cut off wherever it ends`() throws {
    let fixture = try StoreFixture()
    try fixture.store(0..<4)
    let log = try file(fixture.disk, "events")
    let whole = fixture.disk.change { $0.contents[log.number]?.current ?? [] }
    let frame = try #require(LogSegment.readHeader(whole)?.end)
    var starts = [frame]
    while let next = LogFrame(whole, at: starts[starts.count - 1]) {
      starts.append(next.payload.upperBound)
    }
    #expect(starts.count == 5)
    for end in starts[3]..<whole.count {
      edit(fixture.disk, log.number) { $0 = Array(whole[..<end]) }
      let store = try StoreFixture.open(fixture.disk)
      #expect(store.counts(source: 0).accepted == 3)
      #expect(store.recovery.tornBytes == end - starts[3])
    }
  }

  @Test func `damage before the end of the log is refused with its place`() throws {
    let fixture = try StoreFixture()
    try fixture.store(0..<4)
    let log = try file(fixture.disk, "events")
    let whole = fixture.disk.change { $0.contents[log.number]?.current ?? [] }
    let start = try #require(LogSegment.readHeader(whole)?.end)
    let second = try #require(LogFrame(whole, at: start)).payload.upperBound
    let third = try #require(LogFrame(whole, at: second)).payload.upperBound
    for place in second..<third {
      edit(fixture.disk, log.number) { bytes in
        bytes = whole
        bytes[place] ^= 1 << UInt8(place % 8)
      }
      let failure = #expect(throws: StoreFailure.self) {
        _ = try StoreFixture.open(fixture.disk)
      }
      guard case .damaged(let file, let offset, _)? = failure else {
        Issue.record("byte \(place): \(String(describing: failure))")
        continue
      }
      #expect(file == "disk/\(log.name)" && offset == second)
    }
    // In the header too.
    edit(fixture.disk, log.number) { bytes in
      bytes = whole
      bytes[20] ^= 4
    }
    #expect(throws: StoreFailure.self) { _ = try StoreFixture.open(fixture.disk) }
  }

  @Test func `a damaged snapshot falls back to the older one and the log`() throws {
    var options = StoreOptions()
    options.segmentBytes = 600
    let fixture = try StoreFixture(options)
    for part in 0..<4 {
      try fixture.store(part * 10..<part * 10 + 10)
      #expect(try fixture.store.writeSnapshot())
    }
    #expect(try !fixture.store.writeSnapshot())
    let names = try fixture.disk.names()
    #expect(names.count { $0.hasPrefix("snapshot") } == 2)
    #expect(!names.contains(LogSegment(first: 1).name))
    let newest = try file(fixture.disk, "snapshot")
    edit(fixture.disk, newest.number) { $0[$0.count / 2] ^= 16 }
    let store = try StoreFixture.open(fixture.disk, options)
    #expect(store.counts(source: 0).accepted == 40)
    #expect(store.recovery.damaged.count == 1 && store.recovery.snapshot == 30)
    // The damaged one is set aside: with the older one gone, nothing is left to start from.
    let older = try file(fixture.disk, "snapshot-\(LogSegment.digits(30)).state")
    edit(fixture.disk, older.number) { $0.removeLast(3) }
    let failure = #expect(throws: StoreFailure.self) {
      _ = try StoreFixture.open(fixture.disk, options)
    }
    #expect("\(try #require(failure))".contains("the log starts with batch"))
  }

  @Test func `other views are refused, unless the state is built anew`() throws {
    let fixture = try StoreFixture()
    try fixture.store(0..<6)
    try fixture.store.writeSnapshot()
    try fixture.store(6..<9)
    let text = """
      sources:
        payments:
          time: at
          time_unit: milliseconds
          id: id
          lateness: 10s
          fields: {amount: double, card: string}
      entities: {card: {key: card}}
      views:
        all:
          entity: card
          source: payments
          windows: [1m]
          features: [{name: n, aggregate: count}]
      services: {all: [all.*]}
      """
    let failure = #expect(throws: StoreFailure.self) {
      _ = try StoreFixture.open(fixture.disk, StoreOptions(), text)
    }
    #expect("\(try #require(failure))".contains("--rebuild"))
    var options = StoreOptions()
    options.rebuilds = true
    let store = try StoreFixture.open(fixture.disk, options, text)
    #expect(store.counts(source: 0).accepted == 9 && store.recovery.refused == 0)
    var record = EventRecord(try #require(store.definitions.request))
    record.set(try #require(store.definitions.request?.index(of: "card")), string: "c0")
    var vector = FeatureVector()
    store.vector(0, record, at: try #require(store.newest(source: 0)), into: &vector)
    #expect(vector.values == [3])
    // A field of another type cannot be read.
    let retyped = text.replacing("amount: double", with: "amount: string")
    #expect(throws: StoreFailure.self) {
      _ = try StoreFixture.open(fixture.disk, options, retyped)
    }
  }

  @Test func `a full disk refuses, leaves nothing half written, and goes on with room`() throws {
    let fixture = try StoreFixture()
    try fixture.store(0..<3)
    let log = try file(fixture.disk, "events")
    let size = fixture.disk.change { $0.contents[log.number]?.current.count ?? 0 }
    fixture.disk.change { $0.capacity = size + 20 }
    try fixture.send(3..<5)
    #expect(!fixture.store.log.commit())
    let after = fixture.disk.change { $0.contents[log.number]?.current.count ?? 0 }
    #expect(after == size)
    #expect(fixture.results.stored == 3 && fixture.results.failures.count == 1)
    #expect(throws: StoreFailure.self) { try fixture.send(5..<6) }
    #expect(!fixture.store.log.commit())
    fixture.disk.change { $0.capacity = nil }
    #expect(fixture.store.log.commit())
    #expect(try fixture.send(3..<6) == [.duplicate, .duplicate, .accepted])
    #expect(fixture.store.log.commit())
    fixture.disk.restart()
    #expect(fixture.accepted(try StoreFixture.open(fixture.disk)) == 6)
  }

  @Test func `an fsync that fails ends it`() throws {
    let fixture = try StoreFixture()
    try fixture.store(0..<3)
    fixture.disk.change { state in
      state.shortWrites = false
      state.fault = .inputOutputError
      state.faultAt = state.operations + 2
    }
    try fixture.send(3..<4)
    #expect(!fixture.store.log.commit())
    #expect(throws: StoreFailure.self) { try fixture.send(4..<5) }
    let operations = fixture.disk.change { $0.operations }
    #expect(!fixture.store.log.commit())
    #expect(fixture.disk.change { $0.operations } == operations)
    guard case .stopped(let error)? = fixture.results.failures.first else {
      Issue.record("not stopped")
      return
    }
    #expect(error.operation == "fsync")
    fixture.disk.restart()
    #expect((3...4).contains(fixture.accepted(try StoreFixture.open(fixture.disk))))
  }

  @Test func `the queue is bounded`() throws {
    var options = StoreOptions()
    options.queueBytes = 2_000
    let fixture = try StoreFixture(options)
    #expect(throws: StoreFailure.self) {
      try fixture.send(0..<200)
    }
    var taken = 0
    let failure = #expect(throws: StoreFailure.self) {
      while true {
        try fixture.send(taken..<taken + 1)
        taken += 1
      }
    }
    #expect(failure == .full && taken > 3)
    #expect(fixture.accepted(fixture.store) == taken)
    while fixture.store.log.commit() {}
    #expect(try fixture.send(taken..<taken + 1) == [.accepted])
  }
}
