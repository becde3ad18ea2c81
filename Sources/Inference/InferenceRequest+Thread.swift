internal import Timing

extension InferenceRequest {
  /// Whether it was sent to the queue of its port's own thread. Known once it is submitted.
  package var runsOnPort: Bool { !waitsForThread }
  /// Nanoseconds of the port's own thread that the model took for it; 0 where it ran elsewhere.
  package var portNanoseconds: Int64 {
    waitsForThread ? 0 : stages.runNanoseconds / Int64(max(1, batchRows))
  }
}
