internal import Windowing

/// The state as of one batch, while events go on changing it.
///
/// Keys are copied a slice at a time; one that is about to change before its turn is copied first.
/// So nobody waits longer than for a slice, and the copy costs the memory of what waits for the
/// disk. (Copying the engine as a value instead would stop the first event after it for as long as
/// its largest array takes, and cost up to the whole state a second time.)
///
/// Keys are not forgotten meanwhile: their slots stay what they were.
struct SnapshotCapture: Sendable {
  /// By entity: bit i is set if slot i is copied, or was free and may have a new key since.
  private var done: [[UInt64]] = []
  private let slots: [Int]
  private var entity = 0
  private var slot = 0
  /// Copied keys that were not yet taken.
  private(set) var bytes: [UInt8] = []
  private(set) var keys = 0

  init(_ engine: borrowing FeatureEngine) {
    slots = engine.entities.map(\.directory.slotCount)
    for slots in slots { done.append([UInt64](repeating: 0, count: (slots + 63) / 64)) }
  }

  var isComplete: Bool { entity == slots.count }
  /// Bytes that wait to be taken.
  var byteCount: Int { bytes.count }

  /// Copies the keys that an event of a source is about to change.
  mutating func preserve(
    _ event: borrowing EventRecord, source: Int, _ engine: inout FeatureEngine
  ) {
    for index in engine.sources[source].keys.indices {
      let key = engine.sources[source].keys[index]
      preserve(event, key.fields, key.entity, &engine)
    }
  }

  /// Copies the key that a record of attributes is about to change.
  mutating func preserve(
    _ record: borrowing EventRecord, view: Int, _ engine: inout FeatureEngine
  ) {
    guard case .attributes(let kind) = engine.definitions.views[view].kind else { return }
    preserve(record, kind.keyFields, engine.definitions.views[view].entity, &engine)
  }

  private mutating func preserve(
    _ record: borrowing EventRecord, _ fields: [Int], _ entity: Int,
    _ engine: inout FeatureEngine
  ) {
    engine.findKey(record, fields, entity)
    guard engine.entities[entity].hasKey else { return }
    guard let slot = engine.entities[entity].slot else {
      // A new key may get a slot that was free: it is not part of the snapshot.
      let next = engine.entities[entity].directory.nextSlot
      if Int(next) < slots[entity] { done[entity][Int(next) / 64] |= 1 << UInt64(next % 64) }
      return
    }
    if Int(slot) < slots[entity] { copy(entity, slot, &engine) }
  }

  /// Goes on copying for about so many bytes.
  mutating func advance(_ engine: inout FeatureEngine, bytes budget: Int) {
    let start = bytes.count
    var left = Self.slotsMax
    while entity < slots.count, bytes.count - start < budget, left > 0 {
      guard slot < slots[entity] else {
        entity += 1
        slot = 0
        continue
      }
      let end = min(slots[entity], slot + 16)
      for slot in slot..<end { engine.touch(UInt32(slot), entity) { $0.touchReferences($1) } }
      for slot in slot..<end { engine.touch(UInt32(slot), entity) { $0.touchTiles($1) } }
      for slot in slot..<end { copy(entity, UInt32(slot), &engine) }
      left -= end - slot
      slot = end
    }
  }

  /// Slots looked at in one go, used or not.
  private static let slotsMax = 2_048

  /// Takes out what was copied.
  ///
  /// - Parameter other: gets it, and gives its memory for what follows.
  mutating func take(_ other: inout [UInt8]) {
    other.removeAll(keepingCapacity: true)
    swap(&bytes, &other)
  }

  private mutating func copy(_ entity: Int, _ slot: UInt32, _ engine: inout FeatureEngine) {
    let bit: UInt64 = 1 << UInt64(slot % 64)
    guard done[entity][Int(slot) / 64] & bit == 0 else { return }
    done[entity][Int(slot) / 64] |= bit
    guard engine.entities[entity].directory.isUsed(slot) else { return }
    engine.writeKey(slot, entity, to: &bytes)
    keys += 1
  }
}
