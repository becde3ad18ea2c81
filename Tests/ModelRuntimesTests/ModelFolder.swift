import Foundation
import ModelRuntimes
import NIOCore
import Tensors
import Testing

/// The models of these tests, and the engine that runs them.
enum ModelFolder {
  struct Missing: Error, CustomStringConvertible {
    var description: String
  }

  /// ONNX Runtime, from the environment or from `.needletail/onnxruntime` of this package.
  static func runtime() throws -> OnnxRuntime {
    if let path = ProcessInfo.processInfo.environment["NEEDLETAIL_ONNXRUNTIME"] {
      return try OnnxRuntime(libraryPath: path)
    }
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      let place = folder.appendingPathComponent(".needletail/onnxruntime").path
      if FileManager.default.fileExists(atPath: place) {
        return try OnnxRuntime(libraryPath: place)
      }
      folder.deleteLastPathComponent()
    }
    throw Missing(
      description: "these tests need ONNX Runtime: run `make onnxruntime` in the package's"
        + " folder, or set NEEDLETAIL_ONNXRUNTIME to the library")
  }

  static func path(_ name: String) throws -> String {
    guard let url = Bundle.module.url(forResource: "Models/\(name)", withExtension: nil) else {
      throw Missing(description: "no resource Models/\(name); run Models/make_models.py")
    }
    return url.path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: try path(name))))
  }

  static func load(
    _ name: String, _ change: (inout LoadOptions) -> Void = { _ in }
  ) throws -> any LoadedModel {
    var options = LoadOptions(source: .file(path: try path(name + ".onnx")))
    change(&options)
    return try runtime().load(options)
  }

  static func instance(_ name: String) throws -> any ModelInstance {
    try load(name).makeInstance()
  }

  struct Perceptron: Decodable {
    var rows: [[Float]]
    var scores: [Float]
  }

  /// Rows and scores as the Python package computed them.
  static func perceptron() throws -> Perceptron {
    let content = try Data(contentsOf: URL(fileURLWithPath: try path("expectations.json")))
    guard let found = try JSONDecoder().decode([String: Perceptron].self, from: content)["mlp"]
    else { throw Missing(description: "expectations.json has no mlp") }
    return found
  }
}

/// A 64-bit generator that gives the same numbers for the same seed.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Tensor {
  static func floats(_ values: [Float], _ shape: TensorShape) -> Tensor {
    var bytes = ByteBuffer()
    for value in values { bytes.writeInteger(value.bitPattern, endianness: .little) }
    return Tensor(elementType: .fp32, shape: shape, bytes: bytes)
  }

  static func integers(_ values: [Int64], _ shape: TensorShape) -> Tensor {
    var bytes = ByteBuffer()
    for value in values { bytes.writeInteger(value, endianness: .little) }
    return Tensor(elementType: .int64, shape: shape, bytes: bytes)
  }

  static func strings(_ values: [[UInt8]], _ shape: TensorShape) -> Tensor {
    var bytes = ByteBuffer()
    for value in values { BytesElements.append(value, to: &bytes) }
    return Tensor(elementType: .bytes, shape: shape, bytes: bytes)
  }

  var floats: [Float] {
    var rest = bytes
    var values: [Float] = []
    while let bits = rest.readInteger(endianness: .little, as: UInt32.self) {
      values.append(Float(bitPattern: bits))
    }
    return values
  }

  var integers: [Int64] {
    var rest = bytes
    var values: [Int64] = []
    while let value = rest.readInteger(endianness: .little, as: Int64.self) {
      values.append(value)
    }
    return values
  }

  var strings: [[UInt8]] {
    var values: [[UInt8]] = []
    BytesElements.forEach(in: bytes) { values.append(Array($0.readableBytesView)) }
    return values
  }
}

/// One request: its tensors are the model's first inputs, in order.
func request(_ tensors: Tensor...) -> [InputTensor] {
  tensors.enumerated().map { InputTensor(index: $0.offset, tensor: $0.element) }
}

/// The failure that `body` throws.
func failure(_ body: () throws -> Void) throws -> RuntimeFailure {
  do {
    try body()
  } catch let failure as RuntimeFailure {
    return failure
  }
  throw ModelFolder.Missing(description: "no failure was thrown")
}
