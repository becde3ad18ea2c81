internal import Tensors

extension ModelInferFields {
  /// Reads the message in `bytes`, replacing what was here.
  ///
  /// - Throws: ``ProtobufError``; what was collected is then to be ignored.
  /// - Complexity: one pass; tensor data is not looked at.
  package mutating func read(_ bytes: Span<UInt8>) throws(ProtobufError) {
    reset()
    var cursor = ProtobufCursor(FieldSpan(start: 0, count: bytes.count))
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      guard tag.wireType == .lengthDelimited else {
        try cursor.skip(tag, bytes)
        continue
      }
      switch tag.number {
      case 1: modelName = try cursor.readText(bytes)
      case 2: modelVersion = try cursor.readText(bytes)
      case 3: id = try cursor.readText(bytes)
      case 4: try readRequestParameter(cursor.readSpan(bytes), bytes)
      case 5: try readInput(cursor.readSpan(bytes), bytes)
      case 6: try readOutput(cursor.readSpan(bytes), bytes)
      case 7:
        guard raw.count < Self.tensorsMax else {
          throw .tooMany("raw_input_contents", limit: Self.tensorsMax)
        }
        raw.append(try cursor.readSpan(bytes))
      default: try cursor.skip(tag, bytes)
      }
    }
  }

  private mutating func readRequestParameter(
    _ span: FieldSpan, _ bytes: Span<UInt8>
  ) throws(ProtobufError) {
    let entry = try ParameterEntry(span, bytes)
    let key = entry.key
    if bytes.matches(key, "priority") {
      priority = entry.value
    } else if bytes.matches(key, "timeout") {
      timeout = entry.value
    } else if bytes.matches(key, "triton_enable_empty_final_response") {
      emptyFinalResponse = entry.value
    } else if bytes.hasPrefix(key, "triton_") {
      reservedParameter = key
    }
  }

  private mutating func readInput(
    _ span: FieldSpan, _ bytes: Span<UInt8>
  ) throws(ProtobufError) {
    guard inputs.count < Self.tensorsMax else {
      throw .tooMany("inputs", limit: Self.tensorsMax)
    }
    var input = InputFields()
    var cursor = ProtobufCursor(span)
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      if tag.number == 3, try readDimensions(tag, &cursor, into: &input, bytes) { continue }
      guard tag.wireType == .lengthDelimited else {
        try cursor.skip(tag, bytes)
        continue
      }
      switch tag.number {
      case 1: input.name = try cursor.readText(bytes)
      case 2: input.datatype = try cursor.readText(bytes)
      case 4:
        let entry = try ParameterEntry(cursor.readSpan(bytes), bytes)
        input.placement.apply(entry, bytes)
      case 5:
        guard contents.count < Self.tensorsMax else {
          throw .tooMany("contents", limit: Self.tensorsMax)
        }
        input.hasContents = true
        contents.append(ContentsSpan(input: inputs.count, span: try cursor.readSpan(bytes)))
      default: try cursor.skip(tag, bytes)
      }
    }
    inputs.append(input)
  }

  /// Reads one `shape` field, packed or not; `false`, and nothing read, for another wire type.
  private func readDimensions(
    _ tag: ProtobufTag, _ cursor: inout ProtobufCursor, into input: inout InputFields,
    _ bytes: Span<UInt8>
  ) throws(ProtobufError) -> Bool {
    switch tag.wireType {
    case .varint:
      input.append(dimension: try cursor.readVarint(bytes))
    case .lengthDelimited:
      var packed = ProtobufCursor(try cursor.readSpan(bytes))
      while !packed.isAtEnd { input.append(dimension: try packed.readVarint(bytes)) }
    case .fixed64, .fixed32, .startGroup, .endGroup:
      return false
    }
    return true
  }

  private mutating func readOutput(
    _ span: FieldSpan, _ bytes: Span<UInt8>
  ) throws(ProtobufError) {
    guard outputs.count < Self.tensorsMax else {
      throw .tooMany("outputs", limit: Self.tensorsMax)
    }
    var output = OutputFields()
    var cursor = ProtobufCursor(span)
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      guard tag.wireType == .lengthDelimited else {
        try cursor.skip(tag, bytes)
        continue
      }
      switch tag.number {
      case 1: output.name = try cursor.readText(bytes)
      case 2:
        let entry = try ParameterEntry(cursor.readSpan(bytes), bytes)
        if bytes.matches(entry.key, "classification") {
          output.classification = entry.value
        } else {
          output.placement.apply(entry, bytes)
        }
      default: try cursor.skip(tag, bytes)
      }
    }
    outputs.append(output)
  }
}

extension InputFields {
  /// Adds a dimension as the wire has it: an `int64` in 64 bits.
  fileprivate mutating func append(dimension: UInt64) {
    guard let value = Int(exactly: dimension), shape.append(value) else {
      shapeIsInvalid = true
      return
    }
  }
}

extension PlacementFields {
  /// Keeps `entry` if it is one of the three; every other parameter is ignored.
  fileprivate mutating func apply(_ entry: ParameterEntry, _ bytes: Span<UInt8>) {
    guard bytes.hasPrefix(entry.key, "shared_memory_") else { return }
    if bytes.matches(entry.key, "shared_memory_region") {
      region = entry.value
    } else if bytes.matches(entry.key, "shared_memory_offset") {
      offset = entry.value
    } else if bytes.matches(entry.key, "shared_memory_byte_size") {
      byteSize = entry.value
    }
  }
}

/// One entry of a `map<string, InferParameter>`.
private struct ParameterEntry {
  var key = FieldSpan.empty
  var value = ParameterValue.none

  init(_ span: FieldSpan, _ bytes: Span<UInt8>) throws(ProtobufError) {
    var cursor = ProtobufCursor(span)
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      guard tag.wireType == .lengthDelimited else {
        // No library writes a key or a value of another type; some read it as malformed.
        if tag.number <= 2 { throw .invalidTag }
        try cursor.skip(tag, bytes)
        continue
      }
      switch tag.number {
      case 1: key = try cursor.readText(bytes)
      case 2: try readValue(cursor.readSpan(bytes), bytes)
      default: try cursor.skip(tag, bytes)
      }
    }
  }

  /// Reads an `InferParameter`; of several alternatives the last one counts.
  private mutating func readValue(
    _ span: FieldSpan, _ bytes: Span<UInt8>
  ) throws(ProtobufError) {
    var cursor = ProtobufCursor(span)
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      switch (tag.number, tag.wireType) {
      case (1, .varint): value = .bool(try cursor.readVarint(bytes) != 0)
      case (2, .varint):
        value = .int64(Int64(bitPattern: try cursor.readVarint(bytes)))
      case (3, .lengthDelimited): value = .text(try cursor.readText(bytes))
      case (4, .fixed64):
        value = .double(Double(bitPattern: try cursor.readFixed64(bytes)))
      case (5, .varint): value = .uint64(try cursor.readVarint(bytes))
      default: try cursor.skip(tag, bytes)
      }
    }
  }
}
