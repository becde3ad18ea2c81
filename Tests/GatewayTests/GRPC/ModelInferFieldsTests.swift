import Foundation
import Gateway
import NIOCore
import SwiftProtobuf
import Tensors
import Testing

struct ModelInferFieldsTests {
  private static let datatypes = ["FP32", "INT64", "BYTES", "BOOL", "UINT8", "FP16", "x"]

  private func text(_ generator: inout SeededGenerator) -> String {
    let pool = ["", "a", "model", "ünï", "日本", "a long name of a tensor, really"]
    return pool.randomElement(using: &generator) ?? ""
  }

  private func parameter(_ generator: inout SeededGenerator) -> Inference_InferParameter {
    var value = Inference_InferParameter()
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: value.boolParam = Bool.random(using: &generator)
    case 1: value.int64Param = Int64.random(in: .min ... .max, using: &generator)
    case 2: value.stringParam = text(&generator)
    case 3: value.doubleParam = Double.random(in: -1...1, using: &generator)
    case 4: value.uint64Param = UInt64.random(in: 0 ... .max, using: &generator)
    default: break
    }
    return value
  }

  private func request(_ generator: inout SeededGenerator) -> Inference_ModelInferRequest {
    var request = Inference_ModelInferRequest()
    request.modelName = text(&generator)
    request.modelVersion = text(&generator)
    request.id = text(&generator)
    for name in ["priority", "timeout", "other", "triton_enable_empty_final_response"]
    where Bool.random(using: &generator) { request.parameters[name] = parameter(&generator) }
    for _ in 0..<Int.random(in: 0..<4, using: &generator) {
      var input = Inference_ModelInferRequest.InferInputTensor()
      input.name = text(&generator)
      input.datatype = Self.datatypes.randomElement(using: &generator) ?? ""
      input.shape = (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
        Int64.random(in: 0..<100_000, using: &generator)
      }
      for name in ["shared_memory_region", "shared_memory_offset", "shared_memory_byte_size", "z"]
      where Int.random(in: 0..<4, using: &generator) == 0 {
        input.parameters[name] = parameter(&generator)
      }
      if Bool.random(using: &generator) {
        input.contents.fp32Contents = [1, 2, 3]
        input.contents.bytesContents = [Data([1]), Data()]
      }
      request.inputs.append(input)
    }
    for _ in 0..<Int.random(in: 0..<3, using: &generator) {
      var output = Inference_ModelInferRequest.InferRequestedOutputTensor()
      output.name = text(&generator)
      if Bool.random(using: &generator) {
        output.parameters["classification"] = parameter(&generator)
      }
      request.outputs.append(output)
      request.rawInputContents.append(Data(repeating: 5, count: 200))
    }
    return request
  }

  private func value(
    _ value: ParameterValue, _ bytes: [UInt8]
  ) -> Inference_InferParameter.OneOf_ParameterChoice? {
    switch value {
    case .none: nil
    case .bool(let value): .boolParam(value)
    case .int64(let value): .int64Param(value)
    case .uint64(let value): .uint64Param(value)
    case .double(let value): .doubleParam(value)
    case .text(let span): .stringParam(text(span, bytes))
    }
  }

  private func text(_ span: FieldSpan, _ bytes: [UInt8]) -> String {
    String(decoding: bytes[span.range], as: UTF8.self)
  }

  /// Whether our reader found what the general library found.
  private func agree(
    _ fields: ModelInferFields, _ request: Inference_ModelInferRequest, _ bytes: [UInt8]
  ) -> Bool {
    func choice(_ name: String) -> Inference_InferParameter.OneOf_ParameterChoice? {
      request.parameters[name]?.parameterChoice
    }
    guard text(fields.modelName, bytes) == request.modelName,
      text(fields.modelVersion, bytes) == request.modelVersion,
      text(fields.id, bytes) == request.id,
      value(fields.priority, bytes) == choice("priority"),
      value(fields.timeout, bytes) == choice("timeout"),
      value(fields.emptyFinalResponse, bytes) == choice("triton_enable_empty_final_response"),
      fields.inputs.count == request.inputs.count, fields.outputs.count == request.outputs.count,
      fields.raw.map({ Data(bytes[$0.range]) }) == request.rawInputContents
    else { return false }
    for (ours, theirs) in zip(fields.inputs, request.inputs) {
      let placement = ours.placement
      guard text(ours.name, bytes) == theirs.name, text(ours.datatype, bytes) == theirs.datatype,
        ours.hasContents == theirs.hasContents,
        ours.shapeIsInvalid || ours.shape.values.map({ Int64($0) }) == theirs.shape,
        value(placement.region, bytes)
          == theirs.parameters["shared_memory_region"]?.parameterChoice,
        value(placement.offset, bytes)
          == theirs.parameters["shared_memory_offset"]?.parameterChoice,
        value(placement.byteSize, bytes)
          == theirs.parameters["shared_memory_byte_size"]?.parameterChoice
      else { return false }
    }
    return zip(fields.outputs, request.outputs).allSatisfy { ours, theirs in
      text(ours.name, bytes) == theirs.name
        && value(ours.classification, bytes)
          == theirs.parameters["classification"]?.parameterChoice
    }
  }

  @Test func `random messages read the same as with the general library`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var fields = ModelInferFields()
    for _ in 0..<500 {
      let request = request(&generator)
      let bytes: [UInt8] = try request.serializedBytes()
      try fields.read(bytes.span)
      #expect(agree(fields, request, bytes))
    }
  }

  @Test func `mutated messages are refused or read the same`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var fields = ModelInferFields()
    for _ in 0..<3000 {
      var bytes: [UInt8] = try request(&generator).serializedBytes()
      for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.removeSubrange(place...)
        default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        }
      }
      guard (try? fields.read(bytes.span)) != nil else { continue }
      // Typed contents are read later; until then their bytes are not looked at.
      guard let theirs = try? Inference_ModelInferRequest(serializedBytes: bytes) else {
        #expect(!fields.contents.isEmpty, "only we accepted \(bytes)")
        continue
      }
      #expect(agree(fields, theirs, bytes), "\(bytes)")
    }
  }

  @Test func `random bytes never crash the reader`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var fields = ModelInferFields()
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0..<64, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      try? fields.read(bytes.span)
    }
  }

  @Test func `a request with too many tensors is refused`() {
    var fields = ModelInferFields()
    let bytes = [UInt8](repeating: 0, count: 0) + (0..<5000).flatMap { _ in [0x2A, 0] as [UInt8] }
    #expect(throws: ProtobufError.tooMany("inputs", limit: ModelInferFields.tensorsMax)) {
      try fields.read(bytes.span)
    }
  }

  @Test func `a parameter whose key is not text is refused`() {
    var fields = ModelInferFields()
    let bytes: [UInt8] = [34, 4, 10, 0, 8, 0]
    #expect(throws: ProtobufError.invalidTag) { try fields.read(bytes.span) }
  }

  @Test func `a varint longer than 64 bits is refused`() {
    var fields = ModelInferFields()
    let bytes = [UInt8](repeating: 0xFF, count: 11)
    #expect(throws: ProtobufError.varintTooLong) { try fields.read(bytes.span) }
  }

  @Test(arguments: [ElementType.bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32])
  func `typed contents become the wire form of their type`(type: ElementType) throws {
    var contents = Inference_InferTensorContents()
    contents.boolContents = type == .bool ? [true, false, true] : []
    if [.int8, .int16, .int32].contains(type) { contents.intContents = [1, 0, 5] }
    if [.uint8, .uint16, .uint32].contains(type) { contents.uintContents = [1, 0, 5] }
    if type == .int64 { contents.int64Contents = [1, 0, 5] }
    let bytes: [UInt8] = try contents.serializedBytes()
    var data = ByteBuffer()
    try TypedContents.append(
      FieldSpan(start: 0, count: bytes.count), of: ByteBuffer(bytes: bytes), bytes.span,
      type: type, to: &data)
    let width = type.byteWidth ?? 1
    let last: UInt8 = type == .bool ? 1 : 5
    var wanted = [UInt8](repeating: 0, count: 3 * width)
    wanted[0] = 1
    wanted[2 * width] = last
    #expect([UInt8](buffer: data) == wanted)
  }

  @Test func `a value out of range and another type's field are refused`() throws {
    var contents = Inference_InferTensorContents()
    contents.intContents = [300]
    let bytes: [UInt8] = try contents.serializedBytes()
    let span = FieldSpan(start: 0, count: bytes.count)
    var data = ByteBuffer()
    #expect(throws: TypedContents.Failure.outOfRange) {
      try TypedContents.append(
        span, of: ByteBuffer(bytes: bytes), bytes.span, type: .int8, to: &data)
    }
    #expect(throws: TypedContents.Failure.otherType) {
      try TypedContents.append(
        span, of: ByteBuffer(bytes: bytes), bytes.span, type: .fp32, to: &data)
    }
  }
}
