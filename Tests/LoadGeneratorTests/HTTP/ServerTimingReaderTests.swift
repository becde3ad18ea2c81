import LoadGenerator
import Testing

@Suite struct ServerTimingReaderTests {
  private func read(_ values: String...) -> [String: Int64] {
    let names = StageNames()
    var stages = ServerStages()
    for value in values {
      ServerTimingReader.read(Array(value.utf8).span, into: &stages, names: names)
    }
    var result: [String: Int64] = [:]
    for (index, name) in names.names.enumerated() where stages.named >> UInt16(index) & 1 == 1 {
      result[name] = stages.nanoseconds[index]
    }
    return result
  }

  @Test func `milliseconds become nanoseconds`() {
    #expect(read("decode;dur=0.012, queue;dur=1.5") == ["decode": 12_000, "queue": 1_500_000])
    #expect(read("a;dur=0.0000019") == ["a": 1])
    #expect(read("a;dur=7") == ["a": 7_000_000])
    #expect(read("a;dur=.5,b;dur=5.") == ["a": 500_000, "b": 5_000_000])
  }

  @Test func `parameters may come in any order, quoted, spaced or not at all`() {
    #expect(read(#"db;desc="a, b; \" dur=9";dur="2.5""#) == ["db": 2_500_000])
    #expect(read("cache ; DUR = 3 ; desc=hit") == ["cache": 3_000_000])
    #expect(read("miss, total;dur=1") == ["miss": 0, "total": 1_000_000])
    #expect(read("a;dur=1;dur=2") == ["a": 1_000_000])
    #expect(read("a;x;dur=1") == ["a": 1_000_000])
  }

  @Test func `several fields and repeated names add up`() {
    #expect(read("a;dur=1", "b;dur=2, a;dur=4") == ["a": 5_000_000, "b": 2_000_000])
  }

  @Test func `numbers of any form are read or left out`() {
    #expect(
      read("a;dur=1e-3, b;dur=2E2, c;dur=+1")
        == ["a": 1_000, "b": 200_000_000, "c": 1_000_000])
    #expect(read("a;dur=-4, b;dur=fast, c;dur=, d;dur=1x") == ["a": 0, "b": 0, "c": 0, "d": 0])
    #expect(
      read("a;dur=1e999, b;dur=1e-999, c;dur=1e, d;dur=1ex")
        == ["a": 1_000_000_000_000_000, "b": 0, "c": 0, "d": 0])
    let digits = String(repeating: "9", count: 60)
    #expect(
      read("a;dur=\(digits), b;dur=0.\(digits)")
        == ["a": 1_000_000_000_000_000, "b": 999_999])
  }

  @Test func `what is no metric is read over`() {
    #expect(read("") == [:])
    #expect(read(" ,, ,") == [:])
    #expect(read(";dur=4, a;dur=1") == ["a": 1_000_000])
    #expect(read("=\"x, y\" ;;, a;dur=1") == ["a": 1_000_000])
    #expect(read("a;dur=1 junk, b;dur=2") == ["a": 1_000_000, "b": 2_000_000])
    #expect(read("a;desc=\"open, b;dur=2") == ["a": 0])
    #expect(read("a;desc=\"open\\") == ["a": 0])
  }

  @Test func `only the first sixteen names are kept`() {
    let value = (0..<20).map { "s\($0);dur=1" }.joined(separator: ",")
    #expect(read(value).count == ServerStages.countMax)
  }

  @Test func `random bytes are survived`() {
    let seed: UInt64 = 41
    var random = HTTPTestRandom(seed: seed)
    let alphabet = Array("a;=,\"\\ dur1.e-".utf8) + [0, 0xFF]
    for _ in 0..<5_000 {
      let names = StageNames()
      var stages = ServerStages()
      let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      ServerTimingReader.read(bytes.span, into: &stages, names: names)
      for index in 0..<ServerStages.countMax {
        #expect(stages.nanoseconds[index] >= 0, "seed \(seed): \(bytes)")
      }
    }
  }
}
