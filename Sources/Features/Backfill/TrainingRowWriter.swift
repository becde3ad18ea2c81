internal import Rules

/// Writes the rows of a training set as CSV.
struct TrainingRowWriter {
  private static let chunk = 1 << 18

  private let sink: ([UInt8]) throws -> Void
  private let service: ServiceDefinition
  private let slots: [FeatureSlot]
  private let options: BackfillOptions
  private let isNumbered: Bool
  /// By feature.
  private let isDouble: [Bool]
  private var bytes: [UInt8] = []
  private var rows = 0

  init(
    _ definitions: FeatureDefinitions, _ options: BackfillOptions,
    _ sink: @escaping ([UInt8]) throws -> Void
  ) {
    self.sink = sink
    self.options = options
    service = definitions.services[options.service]
    slots = definitions.slots
    isDouble = service.slots.map { definitions.slots[$0].type == .double }
    isNumbered = definitions.request?.idName == nil
    bytes.reserveCapacity(Self.chunk + (1 << 16))
    writeHeader(definitions)
  }

  private mutating func writeHeader(_ definitions: FeatureDefinitions) {
    var names = [definitions.request?.idName ?? "row", definitions.request?.timeName ?? "time"]
    names += options.kept.map { definitions.request?.fields[$0].name ?? "" }
    for slot in service.slots {
      names.append(slots[slot].name)
      if options.writesStatuses { names.append(slots[slot].name + ":status") }
      if options.writesAges { names.append(slots[slot].name + ":age_seconds") }
    }
    for (index, name) in names.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      write(Array(name.utf8)[...])
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  mutating func write(
    _ request: borrowing EventRecord, _ vector: borrowing FeatureVector
  ) throws {
    rows += 1
    if isNumbered {
      write(Int64(rows))
    } else {
      write(request.text[request.idPlace.range])
    }
    bytes.append(UInt8(ascii: ","))
    write(request.text[request.timePlace.range])
    for field in options.kept {
      bytes.append(UInt8(ascii: ","))
      if request.has(field) { write(request, field) }
    }
    for index in service.slots.indices {
      bytes.append(UInt8(ascii: ","))
      let status = vector.statuses[index]
      if status != .missing {
        if isDouble[index] {
          write(vector.values[index])
        } else {
          write(Int64(vector.values[index]))
        }
      }
      if options.writesStatuses { write(status) }
      if options.writesAges { writeAge(vector.ages[index]) }
    }
    bytes.append(UInt8(ascii: "\n"))
    if bytes.count >= Self.chunk { try flush() }
  }

  mutating func flush() throws {
    try sink(bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  private mutating func write(_ request: borrowing EventRecord, _ field: Int) {
    let value = Int64(bitPattern: request.bits[field])
    switch request.types[field] {
    case .bool, .int: write(value)
    case .double: write(Double(bitPattern: request.bits[field]))
    case .string: write(request.text[request.places[field].range])
    case .timestamp, .duration, .null: write(value)
    }
  }

  private mutating func write(_ status: FeatureStatus) {
    bytes.append(UInt8(ascii: ","))
    switch status {
    case .fresh: bytes.append(contentsOf: "fresh".utf8)
    case .stale: bytes.append(contentsOf: "stale".utf8)
    case .missing: bytes.append(contentsOf: "missing".utf8)
    case .default: bytes.append(contentsOf: "default".utf8)
    }
  }

  private mutating func writeAge(_ nanoseconds: Int64) {
    bytes.append(UInt8(ascii: ","))
    if nanoseconds >= 0 { write(Double(nanoseconds) / 1e9) }
  }

  private mutating func write(_ value: Int64) {
    DecimalText.forEachDigit(value) { bytes.append($0) }
  }

  /// The shortest text that gives the same double again.
  private mutating func write(_ value: Double) {
    if abs(value) < 1e15, value.rounded(.towardZero) == value, value != 0 || value.sign == .plus {
      write(Int64(value))
    } else {
      bytes.append(contentsOf: value.description.utf8)
    }
  }

  /// A text, in quotes where CSV needs them.
  private mutating func write(_ text: ArraySlice<UInt8>) {
    let needsQuotes = text.contains {
      $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D
    }
    guard needsQuotes || text.isEmpty else { return bytes.append(contentsOf: text) }
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
