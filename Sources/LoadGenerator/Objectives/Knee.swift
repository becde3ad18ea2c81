/// Finds where a curve of latency over load bends.
package enum Knee {
  /// A bend flatter than this part of the plot's height is noise.
  private static let depthMin = 0.1

  /// The point farthest below the chord from the first point to the last, both axes scaled to 0…1:
  /// the last load at which latency has hardly risen. The idea of Satopää, Albrecht, Irwin and
  /// Raghavan, "Finding a kneedle in a haystack" (2011), for a convex rising curve, without its
  /// smoothing.
  ///
  /// - Parameter points: load and latency, in any order; points that are not finite are left out,
  ///   of several at one load the lowest counts.
  /// - Returns: an index of `points`; `nil` with fewer than three loads, or where the curve does
  ///   not rise, is flat to within a tenth, or does not bend.
  package static func find(_ points: [(x: Double, y: Double)]) -> Int? {
    let order = points.indices.filter { points[$0].x.isFinite && points[$0].y.isFinite }
      .sorted { (points[$0].x, points[$0].y) < (points[$1].x, points[$1].y) }
    var kept: [Int] = []
    for index in order where kept.last.map({ points[$0].x < points[index].x }) ?? true {
      kept.append(index)
    }
    guard kept.count >= 3, let first = kept.first, let last = kept.last else { return nil }
    let (start, end) = (points[first], points[last])
    let rise = end.y - start.y
    guard rise > abs(end.y) * depthMin else { return nil }
    var best: Int?
    var depth = depthMin
    for index in kept.dropFirst().dropLast() {
      let x = (points[index].x - start.x) / (end.x - start.x)
      let below = x - (points[index].y - start.y) / rise
      // A dip below the first point adds nothing to the bend.
      if min(below, x) > depth {
        best = index
        depth = min(below, x)
      }
    }
    return best
  }
}
