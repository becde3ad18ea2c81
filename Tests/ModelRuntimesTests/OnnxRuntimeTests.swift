import Foundation
import ModelRuntimes
import Tensors
import Testing

@Suite struct OnnxRuntimeTests {
  @Test func `the engine says who it is`() throws {
    let runtime = try ModelFolder.runtime()
    #expect(runtime.platform == "onnxruntime_onnx")
    #expect(runtime.backend == "onnxruntime")
    #expect(runtime.version.split(separator: ".").count >= 2)
    #expect(runtime.availableProviders.contains("CPUExecutionProvider"))
    #expect(runtime.libraryPath.contains("libonnxruntime"))
  }

  @Test func `a library that is not there is named with what to do`() throws {
    let found = try failure { _ = try OnnxRuntime(libraryPath: "/nowhere/libonnxruntime.so") }
    #expect(found.code == .libraryUnavailable)
    #expect(found.message.contains("/nowhere/libonnxruntime.so"))
    #expect(found.message.contains("make onnxruntime"))
    #expect(found.message.contains("--onnxruntime-library"))
  }

  @Test func `a file that is no library is refused with its path`() throws {
    let path = try ModelFolder.path("mlp.onnx")
    let found = try failure { _ = try OnnxRuntime(libraryPath: path) }
    #expect(found.code == .libraryUnavailable)
    #expect(found.message.contains(path))
  }

  @Test func `an empty folder is refused with the name that is missing`() throws {
    let path = FileManager.default.temporaryDirectory.path
    let found = try failure { _ = try OnnxRuntime(libraryPath: path) }
    #expect(found.code == .libraryUnavailable)
    #expect(found.message.contains("libonnxruntime"))
  }

  #if os(Linux)
    @Test func `another library is not taken for the engine`() throws {
      let found = try failure { _ = try OnnxRuntime(libraryPath: "/proc/self/exe") }
      #expect(found.code == .libraryUnavailable)
    }
  #endif

  @Test("a provider this library lacks is named with those it has", arguments: ["cuda", "Nope"])
  func lacks(provider: String) throws {
    let runtime = try ModelFolder.runtime()
    let lower = runtime.availableProviders.map { $0.lowercased() }
    // A library with CUDA has nothing to refuse here.
    if lower.contains("\(provider.lowercased())executionprovider") { return }
    let found = try failure {
      _ = try ModelFolder.load("mlp") { $0.executionProviders = [.init(name: provider)] }
    }
    #expect(found.code == .unsupported)
    #expect(found.message.contains(provider))
    #expect(found.message.contains("CPUExecutionProvider"))
  }

  @Test("the CPU provider goes by each of its names", arguments: ["cpu", "CPUExecutionProvider"])
  func processor(name: String) throws {
    _ = try ModelFolder.load("mlp") { $0.executionProviders = [.init(name: name)] }
  }

  @Test func `a provider that goes through the generic call is taken with its options`() throws {
    let runtime = try ModelFolder.runtime()
    // The published CPU builds have this one besides the CPU's own.
    guard runtime.availableProviders.contains("AzureExecutionProvider") else { return }
    let expected = try ModelFolder.perceptron()
    let model = try ModelFolder.load("mlp") { $0.executionProviders = [.init(name: "azure")] }
    let result = try model.makeInstance().run([request(.floats(expected.rows[0], [1, 30]))])
    #expect(abs(result.outputs[0].floats[0] - expected.scores[0]) < 1e-5)
  }

  @Test func `a custom operator library that is not there is named`() throws {
    let found = try failure {
      _ = try ModelFolder.load("mlp") { $0.customOperatorLibraries = ["/nowhere/ops.so"] }
    }
    #expect(found.code == .unsupported)
    #expect(found.message.contains("/nowhere/ops.so"))
  }

  @Test(
    "each way to optimise gives the same model",
    arguments: LoadOptions.GraphOptimization.allCases)
  func optimises(level: LoadOptions.GraphOptimization) throws {
    let expected = try ModelFolder.perceptron()
    let model = try ModelFolder.load("mlp") { $0.graphOptimization = level }
    let result = try model.makeInstance().run([request(.floats(expected.rows[0], [1, 30]))])
    #expect(abs(result.outputs[0].floats[0] - expected.scores[0]) < 1e-5)
  }

  @Test func `threads, their CPUs and raw entries are taken`() throws {
    let model = try ModelFolder.load("mlp") {
      $0.intraOpThreads = 2
      $0.interOpThreads = 2
      $0.intraOpAffinity = [0]
      $0.sessionEntries = ["session.set_denormal_as_zero": "1"]
    }
    let expected = try ModelFolder.perceptron()
    let result = try model.makeInstance().run([request(.floats(expected.rows[1], [1, 30]))])
    #expect(abs(result.outputs[0].floats[0] - expected.scores[1]) < 1e-5)
    _ = try ModelFolder.load("mlp") { $0.intraOpThreads = 0 }
  }

  @Test func `a CPU that cannot be is refused`() throws {
    let found = try failure {
      _ = try ModelFolder.load("mlp") {
        $0.intraOpThreads = 2
        $0.intraOpAffinity = [-1]
      }
    }
    #expect(found.code == .unsupported)
  }
}
