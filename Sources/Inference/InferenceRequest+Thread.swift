internal import Timing

extension InferenceRequest {
  /// Nanoseconds of the port's own thread that the model took for it; 0 where it ran elsewhere.
  package var portNanoseconds: Int64 {
    waitsForThread ? 0 : stages.runNanoseconds / Int64(max(1, batchRows))
  }
}
