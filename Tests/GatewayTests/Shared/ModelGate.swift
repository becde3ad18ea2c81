import ModelRuntimes
import NeedletailTesting
import Synchronization

/// A doubling model that waits inside its run until it is let go.
final class ModelGate: Sendable {
  private let isOpen = Atomic<Bool>(false)
  private let runs = Atomic<Int>(0)

  /// The model; each run waits here.
  var model: ScriptedModel {
    let plain = ScriptedModel.doubling()
    return ScriptedModel(signature: plain.signature) { [self] inputs throws(RuntimeFailure) in
      runs.wrappingAdd(1, ordering: .acquiringAndReleasing)
      while !isOpen.load(ordering: .acquiring) {}
      let requests = [inputs.enumerated().map { InputTensor(index: $0, tensor: $1) }]
      return try plain.makeInstance().run(requests).outputs
    }
  }

  /// Returns once a run has begun.
  func entered() async {
    while runs.load(ordering: .acquiring) == 0 { await Task.yield() }
  }

  /// Lets all runs go on.
  func open() { isOpen.store(true, ordering: .releasing) }
}
