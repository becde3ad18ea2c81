private import CThreads
private import Dispatch
private import Synchronization
internal import Batching
internal import ModelRuntimes
private import NIOCore
private import Tensors
internal import Timing

/// Measures a model before it is published: what a batch of one and of several rows costs.
///
/// Inputs are zeros (empty strings), variable dimensions are 1. A model that refuses such inputs is
/// not at fault: it is simply not measured, and runs on threads until its own runs teach the curve.
enum Calibration {
  /// Runs before the first counts: the runtime allocates and plans in them.
  private static let warmUpRuns = 2
  /// Runs measured a batch size at most.
  private static let runsMax = 12
  /// Nanoseconds spent a batch size at most.
  private static let budgetNanoseconds: Int64 = 6_000_000
  /// The larger batch that shows what a row costs.
  private static let largerBatch = 8

  /// The curve of `instance`, measured on a thread that gives way to those that serve: a load must
  /// not be felt by other models. Waits for it; on a loading thread.
  static func measureAside(_ instance: any ModelInstance, plan: ServingPlan) -> LatencyCurve {
    let box = InstanceBox(instance)
    let measured = MeasuredCurve()
    let finished = DispatchSemaphore(value: 0)
    let thread = InstanceThread(name: "calibration", affinity: []) {
      needletail_lower_thread_priority(5)
      if let instance = box.take() {
        let curve = measure(instance, plan: plan)
        measured.curve.withLock { $0 = curve }
      }
      finished.signal()
    }
    guard let thread else { return measure(instance, plan: plan) }
    thread.detach()
    finished.wait()
    return measured.curve.withLock { $0 }
  }

  /// The curve of `instance`; without observations if the model would not run.
  static func measure(_ instance: any ModelInstance, plan: ServingPlan) -> LatencyCurve {
    var curve = LatencyCurve()
    var sizes = [1]
    if plan.maxBatchSize > 1 { sizes.append(min(largerBatch, plan.maxBatchSize)) }
    for rows in sizes {
      guard let inputs = sample(plan.inputs, rows: rows, batches: plan.maxBatchSize > 0),
        let best = median(instance, inputs)
      else { return curve }
      for _ in 0..<4 { curve.observe(rows: rows, nanoseconds: best) }
    }
    return curve
  }

  /// The median time of a run; `nil` if the model fails.
  private static func median(_ instance: any ModelInstance, _ inputs: [InputTensor]) -> Int64? {
    let started = MonotonicInstant.now()
    var times: [Int64] = []
    for run in 0..<(warmUpRuns + runsMax) {
      let before = MonotonicInstant.now()
      do throws(RuntimeFailure) { _ = try instance.run([inputs]) } catch { return nil }
      let after = MonotonicInstant.now()
      // The first run never counts: it may take seconds where the later ones take microseconds.
      if run >= warmUpRuns || (run > 0 && after.since(started) > budgetNanoseconds) {
        times.append(after.since(before))
      }
      if !times.isEmpty && after.since(started) > budgetNanoseconds { break }
    }
    times.sort()
    return times.isEmpty ? nil : times[times.count / 2]
  }

  /// A request of zeros that fits the model; `nil` for tensors too large to be worth it.
  private static func sample(_ specs: [TensorSpec], rows: Int, batches: Bool) -> [InputTensor]? {
    var inputs: [InputTensor] = []
    for (index, spec) in specs.enumerated() where !spec.isOptional {
      var dimensions = spec.dimensions.map { max(1, $0) }
      if batches && !dimensions.isEmpty { dimensions[0] = rows }
      guard let shape = TensorShape(dimensions), let count = shape.elementCount,
        count <= 16 << 20
      else { return nil }
      let width = spec.elementType.byteWidth ?? 4
      let bytes = ByteBuffer(repeating: 0, count: count * width)
      let tensor = Tensor(elementType: spec.elementType, shape: shape, bytes: bytes)
      inputs.append(InputTensor(index: index, tensor: tensor))
    }
    return inputs
  }
}

/// Carries a curve from the thread that measured it.
private final class MeasuredCurve: Sendable {
  let curve = Mutex(LatencyCurve())
}
