private import Inference
internal import Timing

extension MetricsPage {
  /// Upper bounds of the latency buckets in nanoseconds, and as the page prints them in seconds:
  /// fine enough for a 50 µs model and for a 50 ms one.
  static let latencyBounds: [(nanoseconds: Int64, seconds: String)] = [
    (25_000, "0.000025"), (50_000, "0.00005"), (100_000, "0.0001"), (250_000, "0.00025"),
    (500_000, "0.0005"), (1_000_000, "0.001"), (2_500_000, "0.0025"), (5_000_000, "0.005"),
    (10_000_000, "0.01"), (25_000_000, "0.025"), (50_000_000, "0.05"), (100_000_000, "0.1"),
    (250_000_000, "0.25"), (1_000_000_000, "1"), (2_500_000_000, "2.5"), (10_000_000_000, "10"),
  ]

  /// Upper bounds of the batch size buckets, in rows.
  static let batchBounds: [UInt64] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]

  private static let quantiles: [(share: Double, label: String)] = [
    (0.5, "0.5"), (0.9, "0.9"), (0.99, "0.99"), (0.999, "0.999"), (0.9999, "0.9999"),
  ]

  mutating func addRequests(_ models: [LabelledModel]) {
    family("needletail_requests_total", .counter, "Requests answered, by how they ended.")
    for model in models {
      let figures = model.figures
      let outcomes = [
        ("success", figures.success.count), ("failed", figures.failed),
        ("rejected", figures.rejected), ("expired", figures.expired),
        ("cancelled", figures.cancelled),
      ]
      for (outcome, count) in outcomes {
        sample("\(model.labels),outcome=\"\(outcome)\"", count)
      }
    }
    family(
      "needletail_failed_request_seconds_total", .counter,
      "Time spent on requests that got an error, from the last byte to the error.")
    for model in models {
      sample(model.labels, seconds(model.figures.fail.nanoseconds))
    }
  }

  mutating func addStages(_ models: [LabelledModel]) {
    family(
      "needletail_stage_duration_seconds", .histogram,
      "Time of each stage of a request: decode, queue, batch_wait, gather, run, scatter, encode, "
        + "and total from the last byte read to the answer encoded.")
    for model in models {
      for (stage, histogram) in model.figures.stages {
        duration("\(model.labels),stage=\"\(stage.name)\"", histogram)
      }
    }
    family(
      "needletail_stage_quantile_seconds", .gauge,
      "Quantiles of each stage since the version was loaded, to within 1/32; 1 is the maximum.")
    for model in models {
      for (stage, histogram) in model.figures.stages where histogram.count > 0 {
        quantiles("\(model.labels),stage=\"\(stage.name)\"", histogram)
      }
    }
  }

  /// The samples of a histogram of durations.
  mutating func duration(_ labels: String, _ histogram: LatencyHistogram) {
    self.histogram(
      labels, boundaries: Self.latencyBounds.map(\.seconds),
      counts: histogram.cumulativeCounts(at: Self.latencyBounds.map(\.nanoseconds)),
      count: histogram.count, sum: Self.number(seconds(histogram.sum)))
  }

  /// The quantiles of durations, and the longest.
  mutating func quantiles(_ labels: String, _ histogram: LatencyHistogram) {
    for quantile in Self.quantiles {
      let nanoseconds = UInt64(max(0, histogram.quantile(quantile.share)))
      sample("\(labels),quantile=\"\(quantile.label)\"", seconds(nanoseconds))
    }
    sample("\(labels),quantile=\"1\"", seconds(UInt64(max(0, histogram.max))))
  }

  mutating func addBatches(_ models: [LabelledModel]) {
    family("needletail_batch_rows", .histogram, "Rows of each batch that ran.")
    for model in models {
      let batches = model.figures.batches
      let counts = Self.batchBounds.map { bound in
        batches.reduce(UInt64(0)) {
          $1.batchSize <= bound ? $0 &+ $1.computeInfer.count : $0
        }
      }
      let rows = batches.reduce(UInt64(0)) { $0 &+ $1.batchSize &* $1.computeInfer.count }
      let runs = batches.reduce(UInt64(0)) { $0 &+ $1.computeInfer.count }
      histogram(
        model.labels, boundaries: Self.batchBounds.map { "\($0)" }, counts: counts, count: runs,
        sum: "\(rows)")
    }
  }

  mutating func addModelGauges(_ models: [LabelledModel]) {
    family("needletail_pending_requests", .gauge, "Requests that wait for the model now.")
    for model in models { sample(model.labels, model.figures.pending) }
    family(
      "needletail_model_inline", .gauge,
      "1 if small requests run on the event loops, 0 if all run on the model's own threads.")
    for model in models { sample(model.labels, model.figures.runsInline ? 1 : 0) }
    family(
      "needletail_model_run_fixed_seconds", .gauge,
      "Measured time of a run that does not depend on its rows.")
    for model in models { sample(model.labels, model.figures.curve.fixedNanoseconds / 1e9) }
    family(
      "needletail_model_run_per_row_seconds", .gauge, "Measured time each row adds to a run.")
    for model in models { sample(model.labels, model.figures.curve.perRowNanoseconds / 1e9) }
    family(
      "needletail_model_last_inference_timestamp_seconds", .gauge,
      "When the model last answered, in seconds since 1970; 0 for never.")
    for model in models {
      sample(model.labels, Double(model.figures.lastInferenceMilliseconds) / 1e3)
    }
  }

  func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }
}
