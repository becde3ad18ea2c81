internal import Inference

extension ControlService {
  /// The statistics extension's answer.
  func modelStatistics(
    _ request: Inference_ModelStatisticsRequest
  ) throws(GRPCStatus) -> Inference_ModelStatisticsResponse {
    let statistics = try Self.mapping { () throws(InferenceError) -> [ModelStatistics] in
      try context.engine.statistics(model: request.name, version: request.version)
    }
    var response = Inference_ModelStatisticsResponse()
    response.modelStats = statistics.map(Self.message)
    return response
  }

  private static func message(_ statistics: ModelStatistics) -> Inference_ModelStatistics {
    var result = Inference_ModelStatistics()
    result.name = statistics.name
    result.version = statistics.version
    result.lastInference = statistics.lastInferenceMilliseconds
    result.inferenceCount = statistics.inferenceCount
    result.executionCount = statistics.executionCount
    result.inferenceStats.success = message(statistics.success)
    result.inferenceStats.fail = message(statistics.fail)
    result.inferenceStats.queue = message(statistics.queue)
    result.inferenceStats.computeInput = message(statistics.computeInput)
    result.inferenceStats.computeInfer = message(statistics.computeInfer)
    result.inferenceStats.computeOutput = message(statistics.computeOutput)
    result.inferenceStats.cacheHit = message(statistics.cacheHit)
    result.inferenceStats.cacheMiss = message(statistics.cacheMiss)
    result.batchStats = statistics.batches.map { batch in
      var result = Inference_InferBatchStatistics()
      result.batchSize = batch.batchSize
      result.computeInput = message(batch.computeInput)
      result.computeInfer = message(batch.computeInfer)
      result.computeOutput = message(batch.computeOutput)
      return result
    }
    return result
  }

  private static func message(_ duration: DurationStatistic) -> Inference_StatisticDuration {
    var result = Inference_StatisticDuration()
    result.count = duration.count
    result.ns = duration.nanoseconds
    return result
  }
}
