/// Draws rounds with replacement: how often each one comes in one resample.
struct RoundResampler: Sendable {
  private let count: Int
  private let blockLength: Int
  private var random: RandomSource

  /// - Parameter blockLength: rounds that are drawn together, as neighbours resemble each other;
  ///   the block may begin anywhere and goes on at the start after the end (the circular block
  ///   bootstrap of Politis and Romano, 1992).
  init(count: Int, blockLength: Int, random: RandomSource) {
    self.count = count
    self.blockLength = min(max(1, blockLength), max(1, count))
    self.random = random
  }

  /// Blocks that one resample is made of; independent to a good approximation.
  var units: Int { count / blockLength }

  /// Fills `weights` with how often each round comes; their sum is the number of rounds.
  mutating func draw(into weights: inout [Double]) {
    for index in weights.indices { weights[index] = 0 }
    var left = count
    while left > 0 {
      var place = random.below(count)
      for _ in 0..<min(blockLength, left) {
        weights[place] += 1
        place = place + 1 == count ? 0 : place + 1
      }
      left -= blockLength
    }
  }
}
