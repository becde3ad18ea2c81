/// Blocks of one size in pages, so that growing copies nothing and a released block is used again.
struct TileSlab: Sendable {
  /// Words of one page, about: 256 KiB.
  private static let pageWords = 32_768

  let blockWords: Int
  private let blocksPerPage: Int
  var pages: [[Int64]] = []
  private var free: [UInt32] = []
  private var made: UInt32 = 0

  init(blockWords: Int) {
    self.blockWords = blockWords
    blocksPerPage = max(1, Self.pageWords / blockWords)
  }

  /// Bytes held, used or not.
  var byteCount: Int { pages.count * blocksPerPage * blockWords * 8 + free.capacity * 4 }

  /// A block whose words are not cleared.
  mutating func allocate() -> UInt32 {
    if let block = free.popLast() { return block }
    if Int(made) == pages.count * blocksPerPage {
      pages.append([Int64](repeating: 0, count: blocksPerPage * blockWords))
    }
    made += 1
    return made - 1
  }

  mutating func release(_ block: UInt32) { free.append(block) }

  /// The page of a block, and where the block starts in it.
  @inline(__always)
  func place(_ block: UInt32) -> (page: Int, base: Int) {
    let (page, rest) = Int(block).quotientAndRemainder(dividingBy: blocksPerPage)
    return (page, rest * blockWords)
  }
}
