/// Where the tiles of all keys lie: a row of references a key, in pages, so that a new key moves
/// nothing.
struct ReferencePages: Sendable {
  /// A page holds two to this power of keys.
  private static let shift = 10

  /// References of one key.
  private let width: Int
  private var pages: [[WindowColumn.Reference]] = []

  init(width: Int) { self.width = width }

  var byteCount: Int {
    pages.count << Self.shift * width * MemoryLayout<WindowColumn.Reference>.stride
  }

  /// Makes room for the keys below `count`.
  mutating func open(_ count: UInt32) {
    while pages.count << Self.shift < Int(count) {
      pages.append(
        [WindowColumn.Reference](
          repeating: WindowColumn.Reference(), count: width << Self.shift))
    }
  }

  subscript(_ key: UInt32, _ window: Int) -> WindowColumn.Reference {
    @inline(__always)
    get { pages[Int(key >> UInt32(Self.shift))][place(key, window)] }
    @inline(__always)
    _modify { yield &pages[Int(key >> UInt32(Self.shift))][place(key, window)] }
  }

  @inline(__always)
  private func place(_ key: UInt32, _ window: Int) -> Int {
    Int(key & (1 << UInt32(Self.shift) - 1)) * width + window
  }
}
