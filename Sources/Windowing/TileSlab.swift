/// Blocks of one size in pages, so that growing copies nothing and a released block is used again.
struct TileSlab: Sendable {
  /// Words of one page, at most: 256 KiB.
  private static let pageWords = 32_768

  let blockWords: Int
  /// A page holds two to this power of blocks.
  private let pageShift: UInt32
  var pages: [[Int64]] = []
  /// The block released last; the first word of each names the one released before it.
  private var free: UInt32?
  private var made: UInt32 = 0

  init(blockWords: Int) {
    self.blockWords = blockWords
    let blocks = max(1, Self.pageWords / blockWords)
    pageShift = UInt32(Int.bitWidth - 1 - blocks.leadingZeroBitCount)
  }

  /// Bytes held, used or not.
  var byteCount: Int { pages.count << Int(pageShift) * blockWords * 8 }

  /// A block whose words are not cleared.
  mutating func allocate() -> UInt32 {
    if let block = free {
      let (page, base) = place(block)
      let next = pages[page][base]
      free = next < 0 ? nil : UInt32(truncatingIfNeeded: next)
      return block
    }
    if Int(made) == pages.count << Int(pageShift) {
      pages.append([Int64](repeating: 0, count: blockWords << Int(pageShift)))
    }
    made += 1
    return made - 1
  }

  mutating func release(_ block: UInt32) {
    let (page, base) = place(block)
    pages[page][base] = free.map { Int64($0) } ?? -1
    free = block
  }

  /// The page of a block, and where the block starts in it.
  @inline(__always)
  func place(_ block: UInt32) -> (page: Int, base: Int) {
    (Int(block >> pageShift), Int(block & (1 << pageShift - 1)) * blockWords)
  }
}
