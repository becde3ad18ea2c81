package import NIOCore
private import Synchronization

/// The shared memory regions that clients registered. Any thread.
package final class SharedMemoryRegistry: Sendable {
  /// Bytes of a region's name or key.
  private static let nameBytesMax = 255

  private let isAllowed: Bool
  private let regionsMax: Int
  private let regions = Mutex<[String: SharedMemoryRegion]>([:])

  /// - Parameters:
  ///   - isAllowed: `false` refuses every registration.
  ///   - regionsMax: how many regions may be registered at once.
  package init(isAllowed: Bool = true, regionsMax: Int = GatewayLimits().sharedMemoryRegionsMax) {
    self.isAllowed = isAllowed
    self.regionsMax = regionsMax
  }

  /// Opens the object `key` and registers a window of it as `name`.
  ///
  /// - Throws: ``SharedMemoryError`` if the name is taken, the object missing or too small, or
  ///   shared memory is switched off.
  package func register(
    name: String, key: String, offset: UInt64, byteSize: UInt64
  ) throws(SharedMemoryError) {
    try checkAllowed()
    guard !name.isEmpty, name.utf8.count <= Self.nameBytesMax else {
      throw SharedMemoryError(
        .invalidArgument, "a shared memory region's name has 1 to \(Self.nameBytesMax) bytes")
    }
    guard Self.isValidKey(key) else {
      throw SharedMemoryError(
        .invalidArgument,
        "key '\(key.prefix(64))' of shared memory region '\(name)' is not the name of a shared "
          + "memory object; use for example '/input_data'")
    }
    guard let start = Int(exactly: offset), let size = Int(exactly: byteSize), size > 0 else {
      throw SharedMemoryError(
        .invalidArgument,
        "shared memory region '\(name)': offset \(offset) and byte_size \(byteSize) are not a "
          + "window; byte_size is at least 1")
    }
    try checkFree(name)
    let region = try SharedMemoryRegion(name: name, key: key, offset: start, byteSize: size)
    let isTaken = regions.withLock { regions -> Bool in
      if regions[name] != nil || regions.count >= regionsMax { return true }
      regions[name] = region
      return false
    }
    if isTaken {
      try checkFree(name)
      throw SharedMemoryError(.alreadyExists, Self.taken(name))
    }
  }

  /// Forgets a region; an unknown name is fine, as clients clean up before they start.
  package func unregister(name: String) {
    _ = regions.withLock { $0.removeValue(forKey: name) }
  }

  /// Forgets all regions.
  package func unregisterAll() {
    regions.withLock { $0.removeAll() }
  }

  /// The regions by name; with a name that one only.
  ///
  /// - Throws: ``SharedMemoryError`` for a name that is not registered.
  package func status(name: String) throws(SharedMemoryError) -> [SharedMemoryRegion] {
    if name.isEmpty {
      return regions.withLock { $0.values.sorted { $0.name < $1.name } }
    }
    return [try region(name)]
  }

  /// Copies a tensor's bytes out of a region.
  package func read(_ placement: SharedMemoryPlacement) throws(SharedMemoryError) -> ByteBuffer {
    try region(placement.region).read(at: placement.offset, length: placement.byteSize)
  }

  /// Copies a tensor's bytes into a region; they must fit into the placement.
  package func write(
    _ bytes: ByteBuffer, to placement: SharedMemoryPlacement
  ) throws(SharedMemoryError) {
    let region = try region(placement.region)
    guard bytes.readableBytes <= placement.byteSize else {
      throw SharedMemoryError(
        .invalidArgument,
        "shared memory size specified with the request for output is too small: "
          + "\(placement.byteSize) bytes of region '\(placement.region)', the output has "
          + "\(bytes.readableBytes)")
    }
    try region.write(bytes, at: placement.offset)
  }

  private func region(_ name: String) throws(SharedMemoryError) -> SharedMemoryRegion {
    try checkAllowed()
    guard let region = regions.withLock({ $0[name] }) else {
      throw SharedMemoryError(.notFound, "Unable to find system shared memory region: '\(name)'")
    }
    return region
  }

  private func checkAllowed() throws(SharedMemoryError) {
    guard isAllowed else {
      throw SharedMemoryError(
        .forbidden, "shared memory is switched off; start the server with it allowed")
    }
  }

  private func checkFree(_ name: String) throws(SharedMemoryError) {
    let (isTaken, count) = regions.withLock { ($0[name] != nil, $0.count) }
    if isTaken { throw SharedMemoryError(.alreadyExists, Self.taken(name)) }
    if count >= regionsMax {
      throw SharedMemoryError(
        .exhausted, "\(regionsMax) shared memory regions are registered; unregister one first")
    }
  }

  private static func taken(_ name: String) -> String {
    "shared memory region '\(name)' already in manager"
  }

  /// A name for `shm_open`: an optional leading slash, then no further one, and no NUL.
  private static func isValidKey(_ key: String) -> Bool {
    var name = key.utf8[...]
    if name.first == UInt8(ascii: "/") { name = name.dropFirst() }
    return !name.isEmpty && name.count <= nameBytesMax
      && !name.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
      && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
  }
}
