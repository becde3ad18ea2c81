import Testing

@testable import Records

@Suite struct HashChainTests {
  private func chain(_ count: Int) -> (start: HashChain, rows: [StoredRecord]) {
    let start = HashChain.start()
    var head = start
    var scratch: [UInt8] = []
    let rows = (0..<count).map { index in
      let record = DecisionRecord.sample(index)
      head = head.next(record, scratch: &scratch)
      return StoredRecord(sequence: head.sequence, hash: head.hash, record: record)
    }
    return (start, rows)
  }

  private func verify(
    _ start: HashChain, _ rows: [StoredRecord], end: HashChain, anchor: RecordAnchor? = nil
  ) -> [ChainProblem] {
    var verifier = ChainVerifier(start: start, removedRows: 0, anchor: anchor)
    for row in rows { verifier.take(row) }
    verifier.finish(end: end)
    return verifier.report.problems
  }

  private func end(_ rows: [StoredRecord]) -> HashChain {
    HashChain(sequence: rows.last?.sequence ?? 0, hash: rows.last?.hash ?? [])
  }

  @Test func `the canonical form is the documented one`() {
    let record = DecisionRecord(
      id: "a", requestID: nil, pipeline: "p", pipelineDigest: "d", decidedAt: -1, outcome: "ok",
      isDegraded: true, body: [123, 125])
    var bytes: [UInt8] = []
    record.appendCanonicalBytes(sequence: 258, to: &bytes)
    #expect(
      bytes.hexadecimal
        == "0000000000000102" + "ffffffffffffffff" + "01" + "00" + "0000000161" + "00000000"
        + "0000000170" + "0000000164" + "000000026f6b" + "000000027b7d" + "00000000")
  }

  @Test func `a hash is SHA-256 over the hash before it and the canonical form`() {
    let start = HashChain(sequence: 0, hash: Array(repeating: 7, count: 32))
    var scratch: [UInt8] = []
    let next = start.next(
      DecisionRecord(
        id: "a", pipeline: "p", pipelineDigest: "d", decidedAt: 1, outcome: "o", body: []),
      scratch: &scratch)
    // Computed with Python's hashlib.
    #expect(
      next.hash.hexadecimal == "914956710ff1573fd38197d55e75c2a488fbdff2830aa4adab6e62eea0d3e827")
    #expect(next.sequence == 1)
  }

  @Test func `every field is covered by the hash`() {
    let original = DecisionRecord.sample(1)
    var changes: [DecisionRecord] = []
    for change in 0..<11 {
      var record = original
      switch change {
      case 0: record.id += "x"
      case 1: record.requestID = nil
      case 2: record.requestID = ""
      case 3: record.pipeline = "card"
      case 4: record.pipelineDigest += "0"
      case 5: record.decidedAt += 1
      case 6: record.outcome = ""
      case 7: record.isDegraded.toggle()
      case 8: record.context = RecordContext([])
      case 9: record.context = RecordContext(Array("{}".utf8))
      default: record.body.append(0)
      }
      changes.append(record)
    }
    // Moving a byte over a border between two texts.
    var shifted = original
    shifted.pipeline = "card"
    shifted.pipelineDigest = "s5f2a"
    changes.append(shifted)
    let start = HashChain.start()
    var scratch: [UInt8] = []
    var hashes = Set(changes.map { start.next($0, scratch: &scratch).hash })
    hashes.insert(start.next(original, scratch: &scratch).hash)
    #expect(hashes.count == changes.count + 1)
  }

  @Test func `an untouched chain is intact`() {
    let (start, rows) = chain(20)
    #expect(verify(start, rows, end: end(rows)).isEmpty)
    #expect(verify(start, [], end: start).isEmpty)
  }

  @Test func `an altered record is named, and only it`() {
    var (start, rows) = chain(20)
    rows[6].record.outcome = "approve!"
    #expect(
      verify(start, rows, end: end(rows)) == [ChainProblem(sequence: 7, kind: .altered)])
  }

  @Test func `an altered record with a fitting hash breaks the next one`() {
    var (start, rows) = chain(20)
    rows[6].record.body.append(1)
    var scratch: [UInt8] = []
    rows[6].hash =
      HashChain(sequence: 6, hash: rows[5].hash).next(rows[6].record, scratch: &scratch).hash
    #expect(
      verify(start, rows, end: end(rows)) == [ChainProblem(sequence: 8, kind: .altered)])
  }

  @Test func `removed, added and moved records are named`() {
    let (start, rows) = chain(20)
    var fewer = rows
    fewer.removeSubrange(4..<7)
    #expect(
      verify(start, fewer, end: end(rows))
        == [ChainProblem(sequence: 5, kind: .missing(through: 7))])
    #expect(
      verify(start, Array(rows.dropLast(2)), end: end(rows))
        == [ChainProblem(sequence: 19, kind: .missing(through: 20))])
    #expect(
      verify(start, rows, end: end(Array(rows.dropLast())))
        == [ChainProblem(sequence: 20, kind: .extra)])
    var extra = rows
    extra.insert(rows[0], at: 5)
    #expect(verify(start, extra, end: end(rows)) == [ChainProblem(sequence: 1, kind: .extra)])
    var moved = rows
    (moved[3].record, moved[4].record) = (moved[4].record, moved[3].record)
    #expect(
      verify(start, moved, end: end(rows)) == [
        ChainProblem(sequence: 4, kind: .altered), ChainProblem(sequence: 5, kind: .altered),
      ])
  }

  @Test func `a chain that was rewritten whole is found by an anchor`() {
    let (start, rows) = chain(20)
    let anchor = RecordAnchor(sequence: 15, hash: rows[14].hash)
    #expect(verify(start, rows, end: end(rows), anchor: anchor).isEmpty)
    var head = start
    var scratch: [UInt8] = []
    let rewritten = rows.map { row in
      var record = row.record
      if row.sequence == 3 { record.outcome = "approve!" }
      head = head.next(record, scratch: &scratch)
      return StoredRecord(sequence: head.sequence, hash: head.hash, record: record)
    }
    #expect(verify(start, rewritten, end: end(rewritten)).isEmpty)
    #expect(
      verify(start, rewritten, end: end(rewritten), anchor: anchor)
        == [ChainProblem(sequence: 15, kind: .anchorDiffers)])
    let short = Array(rows.prefix(10))
    #expect(
      verify(start, short, end: end(short), anchor: anchor)
        == [ChainProblem(sequence: 11, kind: .missing(through: 15))])
  }

  @Test func `a list of problems is bounded`() {
    var (start, rows) = chain(100)
    for index in rows.indices { rows[index].record.outcome = "x" }
    #expect(
      verify(start, rows, end: end(rows)).count == VerificationReport.problemsMaximum)
  }

  @Test func `an anchor is read back from its text, and nothing else is`() {
    let hash = (0..<32).map { UInt8($0 * 8) }
    #expect(
      RecordAnchor("12:\(hash.hexadecimal)") == RecordAnchor(sequence: 12, hash: hash))
    for text in [
      "", "12", "12:", "0:\(hash.hexadecimal)", "x:\(hash.hexadecimal)", "1:zz",
      "12:\(hash.hexadecimal)0", "1:" + String(repeating: "+1", count: 32),
    ] {
      #expect(RecordAnchor(text) == nil, "\(text)")
    }
  }
}
