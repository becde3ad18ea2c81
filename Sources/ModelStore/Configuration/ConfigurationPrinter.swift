/// Prints an encoded configuration as JSON, the way clients of this protocol expect it.
///
/// Names are those of the schema; enums are their names; 64-bit integers are numbers; plain fields,
/// lists and maps are printed also where they are empty; messages only where they are set.
struct ConfigurationPrinter {
  private let schema = ConfigurationSchema.shared
  private var text = ""

  /// The JSON of an encoded `ModelConfig`.
  static func json(_ bytes: [UInt8]) -> String {
    var printer = ConfigurationPrinter()
    printer.message(bytes[...], as: printer.schema.root)
    return printer.text
  }

  private mutating func message(
    _ bytes: ArraySlice<UInt8>, as message: ConfigurationSchema.Message
  ) {
    var values: [Int: [WireReader.Value]] = [:]
    var reader = WireReader(bytes)
    while let (number, value) = reader.next() { values[number, default: []].append(value) }
    text += "{"
    var isFirst = true
    for field in message.fields {
      let given = values[field.number] ?? []
      if given.isEmpty, !printsWhenUnset(field) { continue }
      if !isFirst { text += "," }
      isFirst = false
      quote(field.name)
      text += ":"
      if field.isMap {
        map(given, field: field)
      } else if field.isRepeated {
        text += "["
        for (index, value) in unpacked(given, kind: field.kind).enumerated() {
          if index > 0 { text += "," }
          self.value(value, kind: field.kind)
        }
        text += "]"
      } else {
        self.value(given.last ?? .varint(0), kind: field.kind)
      }
    }
    text += "}"
  }

  private func printsWhenUnset(_ field: ConfigurationSchema.Field) -> Bool {
    if field.isRepeated { return true }
    if field.oneof != nil { return false }
    if case .message = field.kind { return false }
    return true
  }

  /// The elements of a repeated field; packed scalars are taken apart.
  private func unpacked(
    _ values: [WireReader.Value], kind: ConfigurationSchema.Kind
  ) -> [WireReader.Value] {
    switch kind {
    case .string, .message: return values
    case .bool, .int32, .int64, .uint32, .uint64, .enumeration, .float, .double: break
    }
    return values.flatMap { value -> [WireReader.Value] in
      guard case .bytes(let packed) = value else { return [value] }
      var reader = WireReader(packed)
      var result: [WireReader.Value] = []
      while !reader.isAtEnd {
        switch kind {
        case .float:
          guard let bits = reader.fixed(4) else { return result }
          result.append(.fixed32(UInt32(truncatingIfNeeded: bits)))
        case .double:
          guard let bits = reader.fixed(8) else { return result }
          result.append(.fixed64(bits))
        case .bool, .int32, .int64, .uint32, .uint64, .enumeration, .string, .message:
          guard let number = reader.varint() else { return result }
          result.append(.varint(number))
        }
      }
      return result
    }
  }

  private mutating func map(_ entries: [WireReader.Value], field: ConfigurationSchema.Field) {
    guard case .message(let type) = field.kind else { return }
    let entryType = schema.message(type)
    guard let keyField = entryType.field(numbered: 1), let valueField = entryType.field(numbered: 2)
    else { return }
    var pairs: [(key: String, value: WireReader.Value)] = []
    for case .bytes(let entry) in entries {
      var key = keyField.kind == .string ? "" : "0"
      var value: WireReader.Value = .bytes([])
      var reader = WireReader(entry)
      while let (number, content) = reader.next() {
        if number == 2 { value = content }
        guard number == 1 else { continue }
        if case .bytes(let bytes) = content { key = String(decoding: bytes, as: UTF8.self) }
        if case .varint(let value) = content { key = String(value) }
      }
      pairs.append((key, value))
    }
    text += "{"
    for (index, pair) in pairs.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { text += "," }
      quote(pair.key)
      text += ":"
      value(pair.value, kind: valueField.kind)
    }
    text += "}"
  }

  private mutating func value(_ value: WireReader.Value, kind: ConfigurationSchema.Kind) {
    switch (kind, value) {
    case (.message(let type), .bytes(let bytes)): message(bytes, as: schema.message(type))
    case (.string, .bytes(let bytes)): quote(String(decoding: bytes, as: UTF8.self))
    case (.string, _): text += "\"\""
    case (.bool, .varint(let number)): text += number == 0 ? "false" : "true"
    case (.uint32, .varint(let number)), (.uint64, .varint(let number)): text += String(number)
    case (.int32, .varint(let number)), (.int64, .varint(let number)):
      text += String(Int64(bitPattern: number))
    case (.enumeration(let type), .varint(let number)):
      let wanted = Int(truncatingIfNeeded: number)
      let names = schema.enumerations[type]?.values ?? []
      if let name = names.first(where: { $0.number == wanted })?.name {
        quote(name)
      } else {
        text += String(wanted)
      }
    case (.float, .fixed32(let bits)): real(Double(Float(bitPattern: bits)), isFloat: true)
    case (.double, .fixed64(let bits)): real(Double(bitPattern: bits), isFloat: false)
    default: text += "0"
    }
  }

  private mutating func real(_ value: Double, isFloat: Bool) {
    if value.isNaN {
      text += "\"NaN\""
    } else if value.isInfinite {
      text += value < 0 ? "\"-Infinity\"" : "\"Infinity\""
    } else {
      text += isFloat ? "\(Float(value))" : "\(value)"
    }
  }

  private mutating func quote(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
