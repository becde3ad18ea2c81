import Foundation
import ModelRuntimes
import ModelStore
import NIOCore
import Synchronization
import Tensors
import Timing

/// A runtime whose model files are scripts: `good`, `fixed` (no batch dimension), `broken` (does
/// not load) or `failing` (loads, but no run succeeds). Anything after the first word is ignored.
final class ScriptedRuntime: ModelRuntime {
  let platform = "onnxruntime_onnx"
  let backend = "onnxruntime"
  let version = "1.0"
  /// The options of every load, in order.
  let loads = Mutex<[LoadOptions]>([])
  /// The inputs of every run, in order.
  let runs = Mutex<[[InputTensor]]>([])

  static let batched = ModelSignature(
    inputs: [TensorSpec(name: "x", elementType: .fp32, dimensions: [-1, 4])],
    outputs: [TensorSpec(name: "y", elementType: .fp32, dimensions: [-1, 2])])
  static let fixed = ModelSignature(
    inputs: [TensorSpec(name: "x", elementType: .fp32, dimensions: [1, 4])],
    outputs: [TensorSpec(name: "y", elementType: .fp32, dimensions: [1, 2])])

  func load(_ options: LoadOptions) throws(RuntimeFailure) -> any LoadedModel {
    loads.withLock { $0.append(options) }
    guard case .file(let path) = options.source,
      let text = try? String(contentsOfFile: path, encoding: .utf8)
    else { throw RuntimeFailure(.invalidModel, "no script") }
    switch text.split(separator: " ").first {
    case "good": return Model(runtime: self, signature: Self.batched, isFailing: false)
    case "fixed": return Model(runtime: self, signature: Self.fixed, isFailing: false)
    case "failing": return Model(runtime: self, signature: Self.batched, isFailing: true)
    default: throw RuntimeFailure(.invalidModel, "the script is broken")
    }
  }

  final class Model: LoadedModel {
    let signature: ModelSignature
    private let runtime: ScriptedRuntime
    private let isFailing: Bool

    init(runtime: ScriptedRuntime, signature: ModelSignature, isFailing: Bool) {
      self.runtime = runtime
      self.signature = signature
      self.isFailing = isFailing
    }

    func makeInstance() throws(RuntimeFailure) -> any ModelInstance {
      Instance(runtime: runtime, isFailing: isFailing)
    }
  }

  final class Instance: ModelInstance {
    private let runtime: ScriptedRuntime
    private let isFailing: Bool

    init(runtime: ScriptedRuntime, isFailing: Bool) {
      self.runtime = runtime
      self.isFailing = isFailing
    }

    func run(_ requests: [[InputTensor]]) throws(RuntimeFailure) -> RunResult {
      runtime.runs.withLock { $0 += requests }
      if isFailing { throw RuntimeFailure(.runFailed, "the script fails") }
      return RunResult(outputs: [], runStarted: .now(), runEnded: .now())
    }
  }
}

/// A host that keeps what was published, and lets a test wait for a publication.
final class RecordingHost: ServingHost {
  private struct State {
    var snapshot = StoreSnapshot()
    var waiting: [(condition: @Sendable (StoreSnapshot) -> Bool, resume: ReleaseSignal)] = []
    var refusedVersions: Set<Int64> = []
  }

  private let state = Mutex(State())

  var snapshot: StoreSnapshot { state.withLock(\.snapshot) }

  func refuse(version: Int64) { state.withLock { _ = $0.refusedVersions.insert(version) } }

  func prepare(_ version: ServableVersion) throws(StoreError) {
    let isRefused = state.withLock { $0.refusedVersions.contains(version.version) }
    if isRefused { throw StoreError(.loadFailed, "the host refuses") }
  }

  func publish(_ snapshot: StoreSnapshot) async {
    let ready = state.withLock { state -> [ReleaseSignal] in
      state.snapshot = snapshot
      let ready = state.waiting.filter { $0.condition(snapshot) }.map(\.resume)
      state.waiting.removeAll { $0.condition(snapshot) }
      return ready
    }
    for signal in ready { signal.fire() }
  }

  /// Returns once a snapshot that meets `condition` was published, or is already.
  func published(where condition: @escaping @Sendable (StoreSnapshot) -> Bool) async {
    let signal = ReleaseSignal()
    state.withLock { state in
      if condition(state.snapshot) {
        signal.fire()
      } else {
        state.waiting.append((condition, signal))
      }
    }
    await signal.wait()
  }

  /// A lease of a served version.
  func lease(_ model: String, _ version: Int64) -> ServableVersion? {
    state.withLock { $0.snapshot.models[model]?.versions[version] }
  }

  func servedVersions(_ model: String) -> [Int64] {
    state.withLock { $0.snapshot.models[model]?.versions.keys.sorted() ?? [] }
  }
}

/// A model repository in a folder of its own, gone with this object.
final class TemporaryRepository {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "needletail-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, making its folders.
  func write(_ file: String, _ text: String) throws {
    let target = path + "/" + file
    try FileManager.default.createDirectory(
      atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: target))
  }

  func remove(_ file: String) throws {
    try FileManager.default.removeItem(atPath: path + "/" + file)
  }
}

/// Numbers that a seed repeats.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
