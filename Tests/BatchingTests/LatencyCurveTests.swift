import Admission
import Batching
import Testing

@Suite struct LatencyCurveTests {
  @Test func `runs of two sizes give both terms`() {
    var curve = LatencyCurve()
    for _ in 0..<20 {
      curve.observe(rows: 1, nanoseconds: 1_100)
      curve.observe(rows: 8, nanoseconds: 1_800)
    }
    #expect(abs(curve.service.fixedNanoseconds - 1_000) < 5)
    #expect(abs(curve.service.perRowNanoseconds - 100) < 1)
    #expect(abs(curve.service.batch(rows: 32) - 4_200) < 40)
  }

  @Test func `runs of one size predict that size`() {
    var curve = LatencyCurve()
    for _ in 0..<50 { curve.observe(rows: 4, nanoseconds: 8_000) }
    #expect(abs(curve.service.batch(rows: 4) - 8_000) < 1)
    #expect(curve.service.perRowNanoseconds >= 0)
  }

  @Test func `one stall does not move the prediction far`() {
    var curve = LatencyCurve()
    for _ in 0..<100 {
      curve.observe(rows: 1, nanoseconds: 1_000)
      curve.observe(rows: 2, nanoseconds: 1_500)
    }
    curve.observe(rows: 1, nanoseconds: 40_000_000)
    #expect(curve.service.batch(rows: 1) < 1_200)
  }

  @Test func `the curve follows a model that becomes slower`() {
    var curve = LatencyCurve()
    for _ in 0..<100 { curve.observe(rows: 1, nanoseconds: 1_000) }
    for _ in 0..<600 { curve.observe(rows: 1, nanoseconds: 3_000) }
    #expect(abs(curve.service.batch(rows: 1) - 3_000) < 100)
  }

  @Test func `a huge first run is forgotten within a few ordinary ones`() {
    var curve = LatencyCurve()
    curve.observe(rows: 1, nanoseconds: 60_000_000_000)
    for _ in 0..<60 { curve.observe(rows: 1, nanoseconds: 10_000_000) }
    #expect(curve.service.batch(rows: 1) < 100_000_000)
  }

  @Test func `nonsense is ignored and no term is negative`() {
    var curve = LatencyCurve()
    curve.observe(rows: 0, nanoseconds: 5)
    curve.observe(rows: 1, nanoseconds: -5)
    #expect(curve.observations == 0)
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<10_000 {
      curve.observe(
        rows: .random(in: 1...64, using: &generator),
        nanoseconds: .random(in: 0...1_000_000, using: &generator))
      #expect(curve.service.fixedNanoseconds >= 0 && curve.service.perRowNanoseconds >= 0)
    }
  }
}
