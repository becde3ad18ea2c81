import LoadGenerator
import Testing

@Suite struct KneeTests {
  private func knee(_ points: [(Double, Double)]) -> Int? {
    Knee.find(points.map { (x: $0.0, y: $0.1) })
  }

  @Test func `a queue's latency bends before its capacity`() throws {
    // Of an M/M/1 queue: 1 / (1 - load).
    let points = (1...19).map { (Double($0) * 5, 1 / (1 - Double($0) * 0.05)) }
    let found = try #require(knee(points))
    #expect(points[found].0 >= 70 && points[found].0 <= 90)
  }

  @Test func `the corner of two lines is the knee, in any order`() {
    let points: [(Double, Double)] = [(1, 1), (2, 1.1), (3, 1.2), (4, 1.3), (5, 40), (6, 80)]
    #expect(knee(points) == 3)
    #expect(knee(points.reversed()) == 2)
  }

  @Test func `nothing is found where nothing bends`() {
    #expect(knee([]) == nil)
    #expect(knee([(1, 1)]) == nil)
    #expect(knee([(1, 1), (2, 50)]) == nil)
    #expect(knee([(1, 1), (1, 2), (2, 50)]) == nil)
    #expect(knee([(1, 5), (2, 5), (3, 5)]) == nil)
    #expect(knee([(1, 5), (2, 5.1), (3, 5.2), (4, 5.3)]) == nil)
    #expect(knee([(1, 9), (2, 5), (3, 1)]) == nil)
    #expect(knee([(0, 0), (1, 1), (2, 2), (3, 3)]) == nil)
    #expect(knee([(0, 0), (1, 9), (2, 10)]) == nil)
    #expect(knee([(0, 0), (0, 0), (0, 0)]) == nil)
  }

  @Test func `points that are not finite are left out`() {
    #expect(knee([(1, 1), (2, .nan), (3, 1.2), (.infinity, 3), (4, 50)]) == 2)
    #expect(knee([(1, .infinity), (2, .nan), (.nan, 1)]) == nil)
  }

  @Test func `a dip is no bend`() {
    // Deeper than the first point, but at low load: the corner is what counts.
    #expect(knee([(1, 5), (2, 1), (3, 5.1), (4, 5.2), (5, 50)]) == 3)
  }
}
