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
  /// By entity: bit i is set if slot i is copied, or was free from the start.
  private var done: [[UInt64]] = []
  private let slots: [Int]
  private var entity = 0
  private var slot = 0
  /// Copied keys that were not yet taken.
  private(set) var bytes: [UInt8] = []
  private(set) var keys = 0

  init(_ engine: borrowing FeatureEngine) {
    slots = engine.entities.map(\.directory.slotCount)
    for entity in engine.entities {
      var bits = [UInt64](repeating: 0, count: (entity.directory.slotCount + 63) / 64)
      for slot in entity.directory.freeSlots { bits[Int(slot) / 64] |= 1 << UInt64(slot % 64) }
      done.append(bits)
    }
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
    guard let slot = engine.entities[entity].slot, Int(slot) < slots[entity] else { return }
    copy(entity, slot, engine)
  }

  /// Goes on copying for about so many bytes.
  mutating func advance(_ engine: borrowing FeatureEngine, bytes budget: Int) {
    let start = bytes.count
    while entity < slots.count, bytes.count - start < budget {
      guard slot < slots[entity] else {
        entity += 1
        slot = 0
        continue
      }
      copy(entity, UInt32(slot), engine)
      slot += 1
    }
  }

  /// Takes out what was copied.
  mutating func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  private mutating func copy(_ entity: Int, _ slot: UInt32, _ engine: borrowing FeatureEngine) {
    let bit: UInt64 = 1 << UInt64(slot % 64)
    guard done[entity][Int(slot) / 64] & bit == 0 else { return }
    done[entity][Int(slot) / 64] |= bit
    engine.writeKey(slot, entity, to: &bytes)
    keys += 1
  }
}
