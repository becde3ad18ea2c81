import Foundation
import Gateway
import NIOCore
import Testing

@Suite struct SharedMemoryRegistryTests {
  /// A shared memory object that lives as long as the body runs.
  private static func withObject(_ size: Int, _ body: (String, Int32) throws -> Void) throws {
    let key = "/needletail-test-\(UInt64.random(in: 0 ... .max))"
    let descriptor = unsafe shm_open(key, O_RDWR | O_CREAT | O_EXCL, 0o600)
    try #require(descriptor >= 0)
    defer {
      close(descriptor)
      unsafe shm_unlink(key)
    }
    try #require(ftruncate(descriptor, off_t(size)) == 0)
    try body(key, descriptor)
  }

  @Test func `bytes go in and out of a region`() throws {
    try Self.withObject(100) { key, _ in
      let registry = SharedMemoryRegistry()
      try registry.register(name: "r", key: key, offset: 10, byteSize: 50)
      let place = SharedMemoryPlacement(region: "r", offset: 5, byteSize: 4)
      try registry.write(ByteBuffer(string: "abcd"), to: place)
      #expect(try registry.read(place) == ByteBuffer(string: "abcd"))
      #expect(try registry.status(name: "").map(\.name) == ["r"])
      #expect(throws: SharedMemoryError.self) {
        try registry.register(name: "r", key: key, offset: 0, byteSize: 1)
      }
      registry.unregister(name: "r")
      #expect(throws: SharedMemoryError.self) { try registry.read(place) }
    }
  }

  @Test func `sizes that lie are refused`() throws {
    try Self.withObject(100) { key, descriptor in
      let registry = SharedMemoryRegistry()
      for (offset, size) in [(0, 101), (100, 1), (UInt64.max, 1), (1, UInt64.max), (0, 0)]
        as [(UInt64, UInt64)]
      {
        #expect(throws: SharedMemoryError.self) {
          try registry.register(name: "r", key: key, offset: offset, byteSize: size)
        }
      }
      try registry.register(name: "r", key: key, offset: 0, byteSize: 100)
      for (offset, size) in [(0, 101), (100, 1), (Int.max, 1), (50, Int.max)] {
        #expect(throws: SharedMemoryError.self) {
          try registry.read(SharedMemoryPlacement(region: "r", offset: offset, byteSize: size))
        }
      }
      // The client shrinks its object after registering it: an error, not a crash.
      try #require(ftruncate(descriptor, 10) == 0)
      let place = SharedMemoryPlacement(region: "r", offset: 0, byteSize: 100)
      #expect(throws: SharedMemoryError.self) { try registry.read(place) }
      #expect(throws: SharedMemoryError.self) {
        try registry.write(ByteBuffer(repeating: 1, count: 100), to: place)
      }
    }
  }

  @Test func `a tensor larger than any buffer is refused before it is read`() throws {
    try Self.withObject(5 << 30) { key, _ in
      let registry = SharedMemoryRegistry()
      try registry.register(name: "r", key: key, offset: 0, byteSize: 5 << 30)
      let place = SharedMemoryPlacement(region: "r", offset: 0, byteSize: 5 << 30)
      #expect(throws: SharedMemoryError.self) { try registry.read(place) }
    }
  }

  @Test func `a window that does not fit closes its object once`() async throws {
    // A second close would take a descriptor that another thread has just opened.
    let victim = Task.detached {
      for _ in 0..<20_000 {
        let descriptor = unsafe open("/dev/null", O_RDONLY)
        guard descriptor >= 0, close(descriptor) == 0 else { return false }
      }
      return true
    }
    try Self.withObject(10) { key, _ in
      let registry = SharedMemoryRegistry()
      for _ in 0..<5_000 {
        #expect(throws: SharedMemoryError.self) {
          try registry.register(name: "r", key: key, offset: 0, byteSize: 11)
        }
      }
    }
    #expect(await victim.value)
  }

  @Test func `regions are bounded and can be switched off`() throws {
    try Self.withObject(10) { key, _ in
      let registry = SharedMemoryRegistry(regionsMax: 1)
      try registry.register(name: "a", key: key, offset: 0, byteSize: 1)
      #expect(throws: SharedMemoryError.self) {
        try registry.register(name: "b", key: key, offset: 0, byteSize: 1)
      }
      #expect(throws: SharedMemoryError.self) {
        try SharedMemoryRegistry(isAllowed: false)
          .register(name: "a", key: key, offset: 0, byteSize: 1)
      }
    }
  }
}
