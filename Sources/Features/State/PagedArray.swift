/// A list in pages: growing moves nothing, and a copy shares each page until it is changed. So
/// neither stops anybody for longer than one page takes.
struct PagedArray<Element: Sendable>: Sendable {
  /// A page holds two to this power of elements.
  private static var shift: Int { 11 }
  private static var mask: Int { 1 << shift - 1 }

  private var pages: [[Element]] = []
  private(set) var count = 0

  /// Elements for which there is memory.
  var capacity: Int { pages.count << Self.shift }

  subscript(_ index: Int) -> Element {
    @inline(__always)
    get { pages[index >> Self.shift][index & Self.mask] }
    @inline(__always)
    _modify { yield &pages[index >> Self.shift][index & Self.mask] }
  }

  mutating func append(_ element: Element) {
    if count == capacity {
      pages.append([Element](repeating: element, count: 1 << Self.shift))
    } else {
      self[count] = element
    }
    count += 1
  }

  /// The last element; `nil` if there is none.
  var last: Element? { count == 0 ? nil : self[count - 1] }

  mutating func popLast() -> Element? {
    guard count > 0 else { return nil }
    count -= 1
    return self[count]
  }
}
