private import Inference

/// The names and labels that dashboards for Triton read; times in whole microseconds.
extension MetricsPage {
  mutating func addTritonCounts(_ models: [LabelledModel]) {
    family(
      "nv_inference_request_success", .counter,
      "Number of successful inference requests, all batch sizes")
    for model in models { sample(model.labels, model.figures.success.count) }
    family(
      "nv_inference_request_failure", .counter,
      "Number of failed inference requests, all batch sizes")
    for model in models {
      let figures = model.figures
      let refused = figures.rejected &+ figures.expired
      let known = refused &+ figures.cancelled &+ figures.failed
      let other = figures.fail.count > known ? figures.fail.count - known : 0
      let reasons = [
        ("REJECTED", refused), ("CANCELED", figures.cancelled), ("BACKEND", figures.failed),
        ("OTHER", other),
      ]
      for (reason, count) in reasons { sample("\(model.labels),reason=\"\(reason)\"", count) }
    }
    family(
      "nv_inference_count", .counter,
      "Number of inferences performed (does not include cached requests)")
    for model in models { sample(model.labels, model.figures.inferenceCount) }
    family(
      "nv_inference_exec_count", .counter,
      "Number of model executions performed (does not include cached requests)")
    for model in models { sample(model.labels, model.figures.executionCount) }
    family(
      "nv_inference_pending_request_count", .gauge,
      "Instantaneous number of pending requests awaiting execution per-model.")
    for model in models { sample(model.labels, model.figures.pending) }
  }

  mutating func addTritonDurations(_ models: [LabelledModel]) {
    let durations: [(String, String, KeyPath<ModelStatistics, DurationStatistic>)] = [
      ("request", "Cumulative inference request duration", \.success),
      ("queue", "Cumulative inference queuing duration", \.queue),
      ("compute_input", "Cumulative compute input duration", \.computeInput),
      ("compute_infer", "Cumulative compute inference duration", \.computeInfer),
      ("compute_output", "Cumulative inference compute output duration", \.computeOutput),
    ]
    for (name, help, path) in durations {
      family("nv_inference_\(name)_duration_us", .counter, "\(help) in microseconds")
      for model in models {
        sample(model.labels, model.figures[keyPath: path].nanoseconds / 1_000)
      }
    }
  }

  mutating func addTritonMachine(_ process: ProcessFigures) {
    family("nv_cpu_utilization", .gauge, "CPU utilization rate [0.0 - 1.0]")
    if let busy = process.machineUtilization { sample("", busy) }
    family("nv_cpu_memory_total_bytes", .gauge, "CPU total memory (RAM), in bytes")
    if let total = process.machineMemoryTotal { sample("", total) }
    family("nv_cpu_memory_used_bytes", .gauge, "CPU used memory (RAM), in bytes")
    if let used = process.machineMemoryUsed { sample("", used) }
  }
}
