import Foundation
import ModelRuntimes
import NIOCore
import Tensors
import Testing

@Suite struct OnnxModelTests {
  @Test func `a model tells its tensors with every dimension`() throws {
    let signature = try ModelFolder.load("mlp").signature
    #expect(
      signature.inputs == [TensorSpec(name: "features", elementType: .fp32, dimensions: [-1, 30])])
    #expect(
      signature.outputs == [TensorSpec(name: "score", elementType: .fp32, dimensions: [-1, 1])])
    let pair = try ModelFolder.load("pair").signature
    #expect(pair.inputs.map(\.name) == ["a", "b"])
    #expect(pair.outputs.map(\.name) == ["sum", "difference"])
    #expect(pair.outputs.map(\.elementType) == [.fp32, .int64])
    let fixed = try ModelFolder.load("fixed").signature
    #expect(fixed.inputs[0].dimensions == [2, 3])
  }

  @Test func `a model is the same from a file and from bytes`() throws {
    let bytes = try ModelFolder.bytes("mlp.onnx")
    let model = try ModelFolder.runtime().load(LoadOptions(source: .bytes(bytes)))
    #expect(model.signature == (try ModelFolder.load("mlp").signature))
  }

  @Test("an output that is no tensor is left out", arguments: ["sequence_and_tensor", "zipmap"])
  func leavesOut(name: String) throws {
    let model = try ModelFolder.load(name)
    #expect(model.signature.outputs.count == 1)
    let result = try model.makeInstance().run([request(.floats([1, 3, 5, 2], [2, 2]))])
    #expect(result.outputs.count == 1)
    switch name {
    case "zipmap": #expect(result.outputs[0].integers == [1, 0])
    default: #expect(result.outputs[0].floats == [-1, -3, -5, -2])
    }
  }

  @Test("what cannot be served is named", arguments: ["sequence_only", "float8", "deep"])
  func refuses(name: String) throws {
    let found = try failure { _ = try ModelFolder.load(name) }
    #expect(found.code == .unsupported, "\(found)")
    if name == "float8" { #expect(found.message.contains("'z'")) }
    if name == "deep" { #expect(found.message.contains("'x'")) }
  }

  @Test func `a file that is missing, a folder or empty is refused`() throws {
    let runtime = try ModelFolder.runtime()
    let folder = FileManager.default.temporaryDirectory.path
    for path in ["/nowhere/model.onnx", folder, "/dev/null", "", "a\0b"] {
      let found = try failure { _ = try runtime.load(LoadOptions(source: .file(path: path))) }
      #expect(found.code == .invalidModel)
      #expect(!found.message.contains("\n"))
      #expect(found.message.hasPrefix("model \(path)"))
    }
    let empty = try failure { _ = try runtime.load(LoadOptions(source: .bytes([]))) }
    #expect(empty.code == .invalidModel)
  }

  @Test func `text that is no model is refused on one line`() throws {
    let runtime = try ModelFolder.runtime()
    for text in ["hello\nworld", "{}", String(repeating: "\u{8}", count: 5000)] {
      let found = try failure {
        _ = try runtime.load(LoadOptions(source: .bytes(Array(text.utf8))))
      }
      #expect(found.code == .invalidModel)
      #expect(!found.message.contains("\n"))
      #expect(found.message.count < 500)
      #expect(!found.message.contains(".cc:"))
    }
  }

  @Test func `a truncated model is refused or runs, and never ends the process`() throws {
    let runtime = try ModelFolder.runtime()
    for name in ["mlp", "pair", "zipmap"] {
      let bytes = try ModelFolder.bytes(name + ".onnx")
      for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
        try tryModel(Array(bytes[..<length]), runtime)
      }
    }
  }

  @Test func `a mutated model is refused or runs, and never ends the process`() throws {
    let runtime = try ModelFolder.runtime()
    let seed: UInt64 = 20_260_401
    print("seed \(seed)")
    var random = SeededNumbers(seed: seed)
    let names = ["mlp", "pair", "zipmap", "labels", "nonzero", "picky"]
    for round in 0..<200 {
      var bytes = try ModelFolder.bytes(names[round % names.count] + ".onnx")
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
        }
      }
      try tryModel(bytes, runtime)
    }
  }

  /// Loads the bytes and, if that works, runs one row of zeros.
  private func tryModel(_ bytes: [UInt8], _ runtime: OnnxRuntime) throws {
    let model: any LoadedModel
    do throws(RuntimeFailure) {
      model = try runtime.load(LoadOptions(source: .bytes(bytes)))
    } catch {
      #expect(error.code == .invalidModel || error.code == .unsupported)
      #expect(!error.message.contains("\n"))
      return
    }
    let instance = try model.makeInstance()
    var inputs: [InputTensor] = []
    for (index, spec) in model.signature.inputs.enumerated() {
      let sizes = spec.dimensions.map { $0 < 0 ? 1 : $0 }
      guard let shape = TensorShape(sizes), let count = shape.elementCount, count < 10_000 else {
        return
      }
      let tensor =
        if let width = spec.elementType.byteWidth {
          Tensor(
            elementType: spec.elementType, shape: shape,
            bytes: .init(repeating: 0, count: count * width))
        } else {
          Tensor.strings(Array(repeating: [], count: count), shape)
        }
      inputs.append(InputTensor(index: index, tensor: tensor))
    }
    do throws(RuntimeFailure) {
      let result = try instance.run([inputs])
      #expect(result.outputs.count == model.signature.outputs.count)
    } catch {
      #expect(error.code == .runFailed || error.code == .invalidInput)
    }
  }

  #if os(Linux)
    @Test func `loading and unloading a model again and again keeps memory flat`() throws {
      func loadOnce() throws {
        let instance = try ModelFolder.instance("mlp")
        _ = try instance.run([request(.floats([Float](repeating: 1, count: 30), [1, 30]))])
      }
      func residentPages() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return Int(text.split(separator: " ")[1]) ?? 0
      }
      for _ in 0..<20 { try loadOnce() }
      let before = try residentPages()
      for _ in 0..<200 { try loadOnce() }
      let grownBytes = (try residentPages() - before) * 4096
      print("resident size grew by \(grownBytes / 1024) KiB")
      // One session of this model takes about 100 KiB; a leak of each would be 20 MiB. Other
      // tests run beside this one, so the bound is generous.
      #expect(grownBytes < 32 << 20)
    }
  #endif
}
