import Inference
import ModelRuntimes
import ModelStore
import NIOCore
import Synchronization
import Tensors
import Timing

/// A model that doubles each number: `x` [-1, 2] FP32 in, `y` [-1, 2] out.
///
/// A row that starts with -1 makes its run fail. A run waits while ``gate`` is closed.
final class FakeModel: LoadedModel {
  let signature = ModelSignature(
    inputs: [TensorSpec(name: "x", elementType: .fp32, dimensions: [-1, 2])],
    outputs: [TensorSpec(name: "y", elementType: .fp32, dimensions: [-1, 2])])
  /// Rows of each run, in order.
  let runs = Mutex<[Int]>([])
  let gate = Gate()

  func makeInstance() throws(RuntimeFailure) -> any ModelInstance { FakeInstance(model: self) }
}

private final class FakeInstance: ModelInstance {
  let model: FakeModel
  init(model: FakeModel) { self.model = model }

  func run(_ requests: [[InputTensor]]) throws(RuntimeFailure) -> RunResult {
    model.gate.pass()
    var rows = 0
    var output = ByteBuffer()
    var isPoisoned = false
    for request in requests {
      var bytes = request[0].tensor.bytes
      rows += request[0].tensor.shape[0]
      while let bits = bytes.readInteger(endianness: .little, as: UInt32.self) {
        let value = Float(bitPattern: bits)
        if value == -1 { isPoisoned = true }
        output.writeInteger((value * 2).bitPattern, endianness: .little)
      }
    }
    model.runs.withLock { $0.append(rows) }
    if isPoisoned { throw RuntimeFailure(.runFailed, "poisoned row") }
    let now = MonotonicInstant.now()
    let shape: TensorShape = [rows, 2]
    return RunResult(
      outputs: [Tensor(elementType: .fp32, shape: shape, bytes: output)], runStarted: now,
      runEnded: now)
  }
}

/// Keeps an instance's thread inside a run until the test opens it.
final class Gate: Sendable {
  private let isClosed = Atomic<Bool>(false)
  private let entered = Signal()
  private let opened = Signal()

  /// Makes the next run wait.
  func close() { isClosed.store(true, ordering: .sequentiallyConsistent) }

  /// Returns once a run waits.
  func waitUntilEntered() { entered.wait() }

  /// Lets the waiting run, and all later ones, go on.
  func open() {
    isClosed.store(false, ordering: .sequentiallyConsistent)
    opened.signal()
  }

  func pass() {
    guard isClosed.load(ordering: .sequentiallyConsistent) else { return }
    entered.signal()
    opened.wait()
  }
}
