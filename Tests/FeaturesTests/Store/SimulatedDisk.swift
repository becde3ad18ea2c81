import Synchronization

@testable import Features

/// A disk in memory that fails where it is told to, and forgets in a crash what no fsync covered.
final class SimulatedDisk: StoreStorage {
  enum Fault: CaseIterable {
    /// Nothing works from here on; of a write, a part may be done.
    case crash
    /// This one operation fails, and nothing is known of it.
    case inputOutputError
  }

  enum Change {
    case write(offset: Int, bytes: [UInt8])
    case truncate(Int)
  }

  struct Content {
    var durable: [UInt8] = []
    var current: [UInt8] = []
    /// Since the last fsync.
    var changes: [Change] = []
  }

  enum NameChange {
    case put(String, Int)
    case rename(String, String)
    case remove(String)
  }

  struct State {
    var contents: [Int: Content] = [:]
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var nameChanges: [NameChange] = []
    var made = 0
    var random: SeededGenerator
    /// Operations so far that change something.
    var operations = 0
    var faultAt: Int?
    var fault = Fault.crash
    var isDown = false
    /// Bytes that all files may have.
    var capacity: Int?
    var shortWrites = true
  }

  let path = "disk"
  let state: Mutex<State>

  init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(seed: seed))) }

  func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
    state.withLock { body(&$0) }
  }

  func names() throws(StorageError) -> [String] {
    try step("list", "") { state throws(StorageError) in state.names.keys.sorted() }
  }

  func open(_ name: String) throws(StorageError) -> any StoreFile {
    try step("open", name) { state throws(StorageError) in
      guard let number = state.names[name] else { throw StorageError("open", name, code: 2) }
      return SimulatedFile(self, number, name)
    }
  }

  func create(_ name: String) throws(StorageError) -> any StoreFile {
    try step("create", name, changes: true) { state throws(StorageError) in
      state.made += 1
      state.contents[state.made] = Content()
      state.names[name] = state.made
      state.nameChanges.append(.put(name, state.made))
      return SimulatedFile(self, state.made, name)
    }
  }

  func rename(_ name: String, to new: String) throws(StorageError) {
    try step("rename", name, changes: true) { state throws(StorageError) in
      guard let number = state.names.removeValue(forKey: name) else {
        throw StorageError("rename", name, code: 2)
      }
      state.names[new] = number
      state.nameChanges.append(.rename(name, new))
    }
  }

  func remove(_ name: String) throws(StorageError) {
    try step("remove", name, changes: true) { state throws(StorageError) in
      guard state.names.removeValue(forKey: name) != nil else {
        throw StorageError("remove", name, code: 2)
      }
      state.nameChanges.append(.remove(name))
    }
  }

  func synchronize() throws(StorageError) {
    try step("fsync", "", changes: true) { state throws(StorageError) in
      state.durableNames = state.names
      state.nameChanges = []
    }
  }

  /// Does one operation, unless it is its turn to fail.
  func step<Result: Sendable>(
    _ operation: String, _ name: String, changes: Bool = false,
    _ body: (inout State) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    try state.withLock { state throws(StorageError) -> Result in
      if changes { state.operations += 1 }
      if changes, state.operations == state.faultAt {
        if state.fault == .crash { state.isDown = true }
        // Whether it still came to pass, nobody knows.
        if !state.isDown, operation != "fsync", Bool.random(using: &state.random) {
          _ = try body(&state)
        }
        throw StorageError(operation, name, code: 5)
      }
      if state.isDown { throw StorageError(operation, name, code: 5) }
      return try body(&state)
    }
  }

  /// What the disk holds after a loss of power: all that an fsync covered, and of what came after
  /// it any part.
  func restart() {
    state.withLock { state in
      var names = state.durableNames
      let kept = Int.random(in: 0...state.nameChanges.count, using: &state.random)
      for change in state.nameChanges.prefix(kept) {
        switch change {
        case .put(let name, let number): names[name] = number
        case .rename(let name, let new):
          if let number = names.removeValue(forKey: name) { names[new] = number }
        case .remove(let name): names[name] = nil
        }
      }
      var contents: [Int: Content] = [:]
      for number in names.values.sorted() {
        let left = Self.survivor(state.contents[number] ?? Content(), &state.random)
        contents[number] = Content(durable: left, current: left)
      }
      state.names = names
      state.durableNames = names
      state.nameChanges = []
      state.contents = contents
      state.isDown = false
      state.faultAt = nil
      state.capacity = nil
    }
  }

  private static func survivor(_ content: Content, _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = content.durable
    let inOrder = Bool.random(using: &random)
    var left = inOrder ? Int.random(in: 0...content.changes.count, using: &random) : .max
    for change in content.changes where left > 0 {
      left -= 1
      switch change {
      case .truncate(let size):
        if bytes.count > size { bytes.removeLast(bytes.count - size) }
      case .write(let offset, let data):
        let isLast = left == 0
        let end = isLast ? Int.random(in: 0...data.count, using: &random) : data.count
        if bytes.count < offset + end {
          bytes += [UInt8](repeating: 0, count: offset + end - bytes.count)
        }
        // Without an order, each sector is there or not.
        for start in stride(from: 0, to: end, by: 64)
        where inOrder || Bool.random(using: &random) {
          for index in start..<min(end, start + 64) { bytes[offset + index] = data[index] }
        }
      }
    }
    return bytes
  }
}

final class SimulatedFile: StoreFile {
  let disk: SimulatedDisk
  let number: Int
  let name: String

  init(_ disk: SimulatedDisk, _ number: Int, _ name: String) {
    self.disk = disk
    self.number = number
    self.name = name
  }

  func size() throws(StorageError) -> Int {
    try disk.step("size", name) { [number] state throws(StorageError) in
      state.contents[number]?.current.count ?? 0
    }
  }

  func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    try disk.step("read", name) { [number] state throws(StorageError) in
      let bytes = state.contents[number]?.current ?? []
      return Array(bytes[min(offset, bytes.count)..<min(offset + count, bytes.count)])
    }
  }

  func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(StorageError) -> Int {
    try disk.step("write", name, changes: true) { [number, name] state throws(StorageError) in
      var count = bytes.count
      if state.shortWrites, count > 1, Int.random(in: 0..<4, using: &state.random) == 0 {
        count = Int.random(in: 1..<count, using: &state.random)
      }
      if let capacity = state.capacity {
        let used = state.names.values.reduce(0) { $0 + (state.contents[$1]?.current.count ?? 0) }
        count = min(count, capacity - used)
        guard count > 0 else { throw StorageError("write", name, code: 28) }
      }
      var content = state.contents[number] ?? SimulatedDisk.Content()
      let end = offset + count
      if content.current.count < end {
        content.current += [UInt8](repeating: 0, count: end - content.current.count)
      }
      let data = Array(bytes.prefix(count))
      content.current.replaceSubrange(offset..<end, with: data)
      content.changes.append(.write(offset: offset, bytes: data))
      state.contents[number] = content
      return count
    }
  }

  func synchronize() throws(StorageError) {
    try disk.step("fsync", name, changes: true) { [number] state throws(StorageError) in
      let current = state.contents[number]?.current ?? []
      state.contents[number] = SimulatedDisk.Content(durable: current, current: current)
    }
  }

  func truncate(to size: Int) throws(StorageError) {
    try disk.step("truncate", name, changes: true) { [number] state throws(StorageError) in
      let count = state.contents[number]?.current.count ?? 0
      if count > size { state.contents[number]?.current.removeLast(count - size) }
      state.contents[number]?.changes.append(.truncate(size))
    }
  }
}
