extension TileLayout {
  /// The instant at which a tile ends, in nanoseconds.
  @inline(__always)
  func end(of tile: Int64) -> Int64 { (tile &+ 1) &* spec.hop }
}

extension TileLayout.Part {
  /// The identity of its first word: what merging leaves unchanged. The others' is 0.
  var identity: Int64 {
    switch kind {
    case .minimum: Int64(bitPattern: Double.infinity.bitPattern)
    case .maximum: Int64(bitPattern: (-Double.infinity).bitPattern)
    case .first: .max
    case .last: .min
    case .count, .sum, .squares, .distinct, .quantile, .decayed, .decayedCount: 0
    }
  }
}
