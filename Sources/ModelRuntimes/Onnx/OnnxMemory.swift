/// Memory that is used again for each batch and grows to the largest one; freed with this object.
@safe
final class OnnxMemory {
  /// Wide enough for any vector instruction.
  static let alignment = 64

  private(set) var start: UnsafeMutableRawPointer
  private(set) var byteCount: Int

  init() {
    byteCount = Self.alignment
    unsafe start = .allocate(byteCount: byteCount, alignment: Self.alignment)
  }

  deinit { unsafe start.deallocate() }

  /// Whether `count` bytes fit as it is.
  func holds(_ count: Int) -> Bool { count <= byteCount }

  /// Makes room for `count` bytes; the contents are lost and `start` changes.
  func grow(to count: Int) {
    // Half as much again, so that batches that grow slowly do not move the memory each time.
    byteCount = count + min(count / 2, 16 << 20)
    unsafe start.deallocate()
    unsafe start = .allocate(byteCount: byteCount, alignment: Self.alignment)
  }
}
