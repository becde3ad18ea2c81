internal import Batching
package import ModelRuntimes
package import ModelStore
internal import Synchronization
package import Tensors

/// One version as the engine serves it: its tensors, its batching and where its batches run.
///
/// Immutable but for its queue and statistics; any thread. Holding a reference keeps it loaded.
package final class ServedVersion: Sendable {
  /// The store's loaded version.
  package let servable: ServableVersion
  package let name: String
  /// The version number as text.
  package let versionText: String
  /// The model's own signature; indexes of inputs and outputs everywhere count in it.
  package let signature: ModelSignature
  /// What a request's inputs must look like, batch dimension included, by signature index.
  package let inputs: [TensorSpec]
  /// What the answer's outputs look like, batch dimension included, by signature index.
  package let outputs: [TensorSpec]
  /// Rows of a request at most; 0 for a model without a batch dimension.
  package let maxBatchSize: Int
  /// Nanoseconds from the first byte that a request without a deadline has; 0 is no bound.
  package let defaultTimeoutNanoseconds: Int64
  /// Whether small requests run on the event loops.
  package let runsInline: Bool

  let policy: BatchPolicy
  let statistics = VersionStatistics()
  let lane: ThreadedLane
  /// What was measured before the version was published.
  let calibratedCurve: LatencyCurve
  private let inputNames: [[UInt8]]
  private let outputNames: [[UInt8]]
  private let labels: [[String]]
  private let hasFixedShapes: Bool
  private let reclaimer: Reclaimer
  private let sweeper: ExpirySweeper

  init(plan: ServingPlan, servable: ServableVersion, reclaimer: Reclaimer, sweeper: ExpirySweeper) {
    self.servable = servable
    self.reclaimer = reclaimer
    self.sweeper = sweeper
    name = servable.modelName
    versionText = String(servable.version)
    signature = servable.model.signature
    inputs = plan.inputs
    outputs = plan.outputs
    maxBatchSize = plan.maxBatchSize
    defaultTimeoutNanoseconds = plan.defaultTimeoutNanoseconds
    runsInline = plan.runsInline
    policy = plan.policy
    calibratedCurve = plan.curve
    inputNames = plan.inputs.map { Array($0.name.utf8) }
    outputNames = plan.outputs.map { Array($0.name.utf8) }
    labels = plan.labels
    let batches = plan.maxBatchSize > 0
    let joins = plan.policy.batchRowsMax > 1
    hasFixedShapes = !joins || plan.inputs.allSatisfy { spec in
      !spec.isOptional && !spec.dimensions.dropFirst(batches ? 1 : 0).contains { $0 < 0 }
    }
    lane = ThreadedLane(
      model: servable.modelName, policy: plan.policy, instances: plan.instances,
      curve: plan.curve, shard: statistics.makeShard(), sweeper: sweeper)
    sweeper.add(lane)
  }

  /// The model's configuration, completed from the model.
  package var configuration: ModelConfiguration { servable.configuration }
  /// The model's run time, learnt: from the threads where they ran, else from the measurement.
  var curve: LatencyCurve {
    let learnt = lane.curve
    return learnt.observations > calibratedCurve.observations ? learnt : calibratedCurve
  }

  /// The signature index of the input with this UTF-8 name.
  package func inputIndex(named name: Span<UInt8>) -> Int? { Self.index(of: name, in: inputNames) }
  /// The signature index of the output with this UTF-8 name.
  package func outputIndex(named name: Span<UInt8>) -> Int? {
    Self.index(of: name, in: outputNames)
  }

  /// The label of one class of a classification output; `nil` if there is none.
  package func label(output: Int, index: Int) -> String? {
    guard labels.indices.contains(output), labels[output].indices.contains(index) else {
      return nil
    }
    return labels[output][index]
  }

  /// What must be equal for two requests to share a batch: which inputs they name and their
  /// dimensions after the first. Empty, at no cost, where the model fixes both.
  func shapeKey(_ inputs: [InputTensor]) -> [Int] {
    if hasFixedShapes { return [] }
    var key: [Int] = []
    for input in inputs {
      key.append(input.index)
      for axis in 1..<max(1, input.tensor.shape.rank) { key.append(input.tensor.shape[axis]) }
      key.append(-1)
    }
    return key
  }

  private static func index(of name: Span<UInt8>, in names: [[UInt8]]) -> Int? {
    search: for (index, candidate) in names.enumerated() where candidate.count == name.count {
      for position in 0..<name.count where candidate[position] != name[position] {
        continue search
      }
      return index
    }
    return nil
  }

  /// Frees a port's instance away from the port's thread.
  func giveUp(_ instance: any ModelInstance) { reclaimer.discard(InstanceBox(instance)) }

  deinit {
    sweeper.remove(lane)
    reclaimer.reclaim(lane: lane, servable: servable)
  }
}
