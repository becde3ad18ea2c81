internal import COnnxRuntime
internal import Tensors
internal import Timing

/// One place where batches of an ONNX model run. One thread at a time.
@safe
package final class OnnxInstance: ModelInstance {
  /// Plans kept for shapes seen lately; a batch size is one shape.
  static let planCountMax = 64
  /// From here on an input is used where it lies, and an output written where it goes: making a
  /// tensor for one run costs about as much as copying this many bytes.
  static let copiedByteCountMax = 8192
  /// No tensor of a batch may be larger: the buffers on both sides count in 32 bits.
  static let tensorByteCountMax = Int(Int32.max)

  let model: OnnxModel
  let session: OnnxSession
  let specs: [TensorSpec]
  let outputSpecs: [TensorSpec]
  let inputNames: OnnxTexts
  let outputNames: OnnxTexts
  /// The model's rules, less those that a run has disproved.
  var rules: [OnnxShapeRule?]

  /// Gathered inputs, one block for each of the signature's.
  let inputMemory: [OnnxMemory]
  /// Small outputs of a run, all in one block.
  let outputMemory: OnnxMemory
  var plans: [OnnxPlan] = []
  /// The plan to replace next once there are ``planCountMax``.
  var oldestPlan = 0
  var latestPlan: OnnxPlan?
  /// The batch's shape for each input of the run being prepared.
  var batchShapes: [TensorShape] = []

  init(model: OnnxModel) {
    self.model = model
    session = model.session
    specs = model.signature.inputs
    outputSpecs = model.signature.outputs
    rules = model.outputRules
    inputNames = OnnxTexts(specs.map(\.name))
    outputNames = OnnxTexts(outputSpecs.map(\.name))
    inputMemory = specs.map { _ in OnnxMemory() }
    outputMemory = OnnxMemory()
  }

  /// Runs the requests as one batch. See ``ModelInstance/run(_:)``.
  ///
  /// Memory for gathering stays with the instance and is as large as its largest batch.
  package func run(_ requests: [[InputTensor]]) throws(RuntimeFailure) -> RunResult {
    let plan = try plan(for: requests)
    defer { plan.returnLoans() }
    try gather(requests, by: plan)
    // Large answers are written in place, so their buffers must outlive the run.
    let answers = try makeAnswers(plan)
    let started = MonotonicInstant.now()
    var guessed = plan.hasGuesses
    var outcome = unsafe call(plan)
    if let error = unsafe outcome, guessed {
      // Either a guessed shape was wrong or the run fails anyhow: the second run tells.
      unsafe session.library.api.pointee.release_status(error)
      plan.forgetOutputs()
      guessed = false
      unsafe outcome = unsafe call(plan)
    }
    let ended = MonotonicInstant.now()
    do throws(OnnxError) {
      try unsafe session.library.check(outcome)
    } catch {
      throw error.running
    }
    let outputs =
      guessed
      ? try collect(plan, answers)
      : try plan.outputs.indices.map { index throws(RuntimeFailure) in
        try copyOut(plan, index)
      }
    if !guessed, plan.hasGuesses { dropWrongRules(plan, outputs) }
    // The tensors used in place point into the requests.
    withExtendedLifetime((requests, answers)) {}
    return RunResult(outputs: outputs, runStarted: started, runEnded: ended)
  }

  @inline(__always)
  private func call(_ plan: OnnxPlan) -> OpaquePointer? {
    unsafe session.library.api.pointee.run(
      session.pointer, nil, plan.inputNames, plan.inputValues, plan.inputs.count,
      outputNames.pointers, plan.outputs.count, plan.outputValues)
  }

  /// Forgets the guesses that this run's true shapes disprove, and the plans made from them.
  private func dropWrongRules(_ plan: OnnxPlan, _ outputs: [Tensor]) {
    for (index, output) in outputs.enumerated()
    where plan.outputs[index].place != .unknown && plan.outputs[index].shape != output.shape {
      rules[index] = nil
    }
    dropPlans()
  }

  func dropPlans() {
    plans.removeAll(keepingCapacity: true)
    latestPlan = nil
    oldestPlan = 0
  }
}
