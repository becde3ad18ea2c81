import Foundation
import Gateway
import SwiftProtobuf
import Testing

@Suite struct DecideFieldsTests {
  private func text(_ generator: inout SeededGenerator) -> String {
    let pool = ["", "a", "amount", "ünï", "日本", "a long name of a field, really, with text"]
    return pool.randomElement(using: &generator) ?? ""
  }

  private func value(_ generator: inout SeededGenerator) -> Needletail_V1_Value {
    var value = Needletail_V1_Value()
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: value.boolValue = Bool.random(using: &generator)
    case 1: value.intValue = Int64.random(in: .min ... .max, using: &generator)
    case 2: value.doubleValue = Double(Int.random(in: -9...9, using: &generator)) / 4
    case 3: value.stringValue = text(&generator)
    case 4: value.timestampNs = Int64.random(in: .min ... .max, using: &generator)
    default: break
    }
    return value
  }

  private func request(_ generator: inout SeededGenerator) -> Needletail_V1_DecideRequest {
    var request = Needletail_V1_DecideRequest()
    request.pipeline = text(&generator)
    for _ in 0..<Int.random(in: 0..<6, using: &generator) {
      request.input[text(&generator)] = value(&generator)
    }
    request.features = Bool.random(using: &generator)
    request.timeoutUs = Int64.random(in: -5...5, using: &generator)
    return request
  }

  private func text(_ span: FieldSpan, _ bytes: [UInt8]) -> String {
    String(decoding: bytes[span.range], as: UTF8.self)
  }

  /// The map that the entries are, as the general library has it: the last of a name counts.
  private func values(_ entries: ValueEntries, _ bytes: [UInt8]) -> [String: Needletail_V1_Value] {
    var result: [String: Needletail_V1_Value] = [:]
    for entry in entries.entries {
      var value = Needletail_V1_Value()
      switch entry.value {
      case .none: break
      case .bool(let bool): value.boolValue = bool
      case .int(let int): value.intValue = int
      case .double(let double): value.doubleValue = double
      case .text(let span): value.stringValue = text(span, bytes)
      case .timestamp(let instant): value.timestampNs = instant
      }
      result[text(entry.name, bytes)] = value
    }
    return result
  }

  private func agree(
    _ fields: DecideFields, _ request: Needletail_V1_DecideRequest, _ bytes: [UInt8]
  ) -> Bool {
    // Not-a-numbers differ from themselves, and fields that nobody knows do not count.
    func plain(_ map: [String: Needletail_V1_Value]) -> [String: String] {
      map.mapValues { "\(String(describing: $0.value))" }
    }
    return text(fields.pipeline, bytes) == request.pipeline
      && plain(values(fields.input, bytes)) == plain(request.input)
      && fields.wantsFeatures == request.features
      && fields.timeoutMicroseconds == request.timeoutUs
  }

  @Test func `random requests read the same as with the general library`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var fields = DecideFields()
    for _ in 0..<500 {
      let request = request(&generator)
      let bytes: [UInt8] = try request.serializedBytes()
      try fields.read(bytes.span)
      #expect(agree(fields, request, bytes))
    }
  }

  @Test func `mutated requests are refused or read the same`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var fields = DecideFields()
    for _ in 0..<4000 {
      var bytes: [UInt8] = try request(&generator).serializedBytes()
      for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.removeSubrange(place...)
        default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        }
      }
      let ours = (try? fields.read(bytes.span)) != nil
      guard let theirs = try? Needletail_V1_DecideRequest(serializedBytes: bytes) else {
        #expect(!ours, "only we accepted \(bytes)")
        continue
      }
      if ours { #expect(agree(fields, theirs, bytes), "\(bytes)") }
    }
  }

  @Test func `random bytes never crash the readers`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var fields = DecideFields()
    var values = ValueEntries()
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0..<64, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      try? fields.read(bytes.span)
      try? values.read(messageWithMap: FieldSpan(start: 0, count: bytes.count), bytes.span)
      _ = try? ManyFields(bytes.span, "events", partsMax: 4)
    }
  }

  @Test func `maps and lists have a bound`() {
    var fields = DecideFields()
    let entries = (0..<ValueEntries.countMax + 1).flatMap { _ in [0x12, 0] as [UInt8] }
    #expect(throws: ProtobufError.tooMany("values", limit: ValueEntries.countMax)) {
      try fields.read(entries.span)
    }
    #expect(throws: ProtobufError.tooMany("events", limit: 3)) {
      _ = try ManyFields(entries.span, "events", partsMax: 3)
    }
  }
}
