import Foundation
import LoadGenerator
import NIOCore
import Tensors

/// Models and files for tests of inputs.
enum InputSamples {
  /// `x` FP32 `[-1,2]`, `id` INT64 `[-1,1]`, `t` BYTES `[-1,1]`, optional.
  static let model = ModelDescription(
    name: "m", maxBatchSize: 8,
    inputs: [
      TensorSpec(name: "x", elementType: .fp32, dimensions: [-1, 2]),
      TensorSpec(name: "id", elementType: .int64, dimensions: [-1, 1]),
      TensorSpec(name: "t", elementType: .bytes, dimensions: [-1, 1], isOptional: true),
    ], outputs: [TensorSpec(name: "y", elementType: .fp32, dimensions: [-1, 2])])

  /// One input of a type and dimensions.
  static func model(_ type: ElementType, _ dimensions: [Int], max: Int = 0) -> ModelDescription {
    ModelDescription(
      name: "m", maxBatchSize: max,
      inputs: [TensorSpec(name: "x", elementType: type, dimensions: dimensions)],
      outputs: [TensorSpec(name: "y", elementType: type, dimensions: dimensions)])
  }

  /// Calls `body` with the path of a file that holds `bytes`.
  static func withFile<T>(
    _ name: String, _ bytes: [UInt8], _ body: (String) throws -> T
  ) throws -> T {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("needletail-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return try body(file.path)
  }

  static func load(
    _ name: String, _ text: String, for model: ModelDescription = model, batchSize: Int = 1,
    limits: InputLimits = InputLimits()
  ) throws -> InputSet {
    try withFile(name, Array(text.utf8)) {
      try InputSource.file(path: $0).load(for: model, batchSize: batchSize, limits: limits)
    }
  }

  /// The error of a file, without the folder it lies in.
  static func error(
    _ name: String, _ text: String, for model: ModelDescription = model, batchSize: Int = 1,
    limits: InputLimits = InputLimits()
  ) -> String {
    do {
      _ = try load(name, text, for: model, batchSize: batchSize, limits: limits)
      return ""
    } catch {
      let text = String(describing: error)
      guard let place = text.firstRange(of: name) else { return text }
      return String(text[place.lowerBound...])
    }
  }

  static func floats(_ tensor: Tensor?) -> [Float] {
    var bytes = tensor?.bytes ?? ByteBuffer()
    var values: [Float] = []
    while let bits = bytes.readInteger(endianness: .little, as: UInt32.self) {
      values.append(Float(bitPattern: bits))
    }
    return values
  }

  static func integers(_ tensor: Tensor?) -> [Int64] {
    var bytes = tensor?.bytes ?? ByteBuffer()
    var values: [Int64] = []
    while let value = bytes.readInteger(endianness: .little, as: Int64.self) {
      values.append(value)
    }
    return values
  }

  static func texts(_ tensor: Tensor?) -> [String] {
    var values: [String] = []
    BytesElements.forEach(in: tensor?.bytes ?? ByteBuffer()) { values.append(String(buffer: $0)) }
    return values
  }
}

extension Array where Element == (name: String, tensor: Tensor) {
  subscript(name: String) -> Tensor? { first { $0.name == name }?.tensor }
}
