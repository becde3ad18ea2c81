internal import Inference
internal import NIOCore

extension ByteBuffer {
  /// Writes one version's figures as the statistics extension has them; every member is there, as
  /// clients do not check.
  mutating func writeJSON(statistics: ModelStatistics) {
    writeStaticString("{\"name\":")
    writeJSON(string: statistics.name)
    writeStaticString(",\"version\":")
    writeJSON(string: statistics.version)
    writeString(
      ",\"last_inference\":\(statistics.lastInferenceMilliseconds)"
        + ",\"inference_count\":\(statistics.inferenceCount)"
        + ",\"execution_count\":\(statistics.executionCount),\"inference_stats\":{")
    writeJSON(durations: [
      ("success", statistics.success), ("fail", statistics.fail), ("queue", statistics.queue),
      ("compute_input", statistics.computeInput), ("compute_infer", statistics.computeInfer),
      ("compute_output", statistics.computeOutput), ("cache_hit", statistics.cacheHit),
      ("cache_miss", statistics.cacheMiss),
    ])
    writeStaticString("},\"response_stats\":{},\"batch_stats\":[")
    for (index, batch) in statistics.batches.enumerated() {
      if index > 0 { writeStaticString(",") }
      writeString("{\"batch_size\":\(batch.batchSize),")
      writeJSON(durations: [
        ("compute_input", batch.computeInput), ("compute_infer", batch.computeInfer),
        ("compute_output", batch.computeOutput),
      ])
      writeStaticString("}")
    }
    writeStaticString("],\"memory_usage\":[]}")
  }

  private mutating func writeJSON(durations: [(name: String, value: DurationStatistic)]) {
    for (index, duration) in durations.enumerated() {
      if index > 0 { writeStaticString(",") }
      writeString(
        "\"\(duration.name)\":{\"count\":\(duration.value.count),"
          + "\"ns\":\(duration.value.nanoseconds)}")
    }
  }
}
