internal import Batching
internal import ModelRuntimes
internal import ModelStore
internal import Tensors

/// How a version will be served, decided before it is published.
struct ServingPlan {
  var inputs: [TensorSpec]
  var outputs: [TensorSpec]
  var maxBatchSize: Int
  var policy: BatchPolicy
  var instances: Int
  var defaultTimeoutNanoseconds: Int64
  /// The classification labels of each output; empty where none.
  var labels: [[String]]
  var runsInline = false
  var curve = LatencyCurve()

  /// The plan that the configuration and the engine's options ask for, before any measurement.
  init(_ servable: ServableVersion, options: EngineOptions) {
    let configuration = servable.configuration
    inputs = configuration.inputs
    outputs = configuration.outputs
    maxBatchSize = configuration.maxBatchSize
    instances = max(1, configuration.instanceCount)
    let own = configuration.settings.defaultTimeoutMicroseconds
    defaultTimeoutNanoseconds = own > 0 ? Self.nanoseconds(own) : options.defaultTimeoutNanoseconds
    labels = configuration.labels
    policy = Self.policy(configuration, options: options)
  }

  /// `microseconds` as nanoseconds; saturates.
  private static func nanoseconds(_ microseconds: Int64) -> Int64 {
    let (product, overflow) = microseconds.multipliedReportingOverflow(by: 1_000)
    return overflow ? .max : product
  }

  private static func policy(_ configuration: ModelConfiguration, options: EngineOptions)
    -> BatchPolicy
  {
    // Without dynamic batching, as in Triton, requests are not joined.
    let joins = configuration.batchesDynamically
    let levels = max(1, configuration.priorityLevels)
    let classes = (1...levels).map { level in
      let queuePolicy = configuration.queuePolicy(priority: level)
      return BatchPolicy.ClassPolicy(
        timeoutAction: queuePolicy.timeoutAction == .delay ? .delay : .reject,
        timeoutNanoseconds: nanoseconds(queuePolicy.defaultTimeoutMicroseconds),
        requestsMax: queuePolicy.maxQueueSize)
    }
    return BatchPolicy(
      batchRowsMax: joins ? configuration.maxBatchSize : 1,
      preferredRows: joins ? configuration.preferredBatchSizes.sorted() : [],
      delayNanoseconds: joins ? nanoseconds(configuration.maxQueueDelayMicroseconds) : 0,
      classes: classes,
      defaultPriority: max(1, configuration.defaultPriorityLevel),
      queueRowsMax: configuration.settings.maxQueueRows ?? options.queueRowsMax,
      queueBytesMax: configuration.settings.maxQueueBytes ?? options.queueBytesMax,
      ageingNanoseconds: options.ageingNanoseconds)
  }
}
