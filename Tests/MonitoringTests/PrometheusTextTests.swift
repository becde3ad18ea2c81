import Inference
import Monitoring
import Testing
import Timing

@Suite struct PrometheusTextTests {
  private func statistics() -> ModelStatistics {
    var statistics = ModelStatistics(name: "di\"g\\its\n", version: "2")
    statistics.success = DurationStatistic(count: 7, nanoseconds: 7_000_999)
    statistics.queue = DurationStatistic(count: 7, nanoseconds: 3_500_000)
    statistics.fail = DurationStatistic(count: 6, nanoseconds: 1_000)
    statistics.rejected = 2
    statistics.expired = 1
    statistics.cancelled = 1
    statistics.failed = 1
    statistics.inferenceCount = 12
    statistics.executionCount = 4
    statistics.pending = 3
    statistics.runsInline = true
    statistics.curve = (2_000, 500)
    var small = BatchStatistic(batchSize: 1)
    small.computeInfer = DurationStatistic(count: 2, nanoseconds: 10)
    var large = BatchStatistic(batchSize: 5)
    large.computeInfer = DurationStatistic(count: 2, nanoseconds: 10)
    statistics.batches = [small, large]
    var histogram = LatencyHistogram()
    histogram.record(30_000)
    histogram.record(40_000_000)
    statistics.stages = [(.total, histogram)]
    return statistics
  }

  private func page(_ statistics: [ModelStatistics]) -> [String] {
    var process = ProcessFigures()
    process.residentBytes = 1_048_576
    process.machineUtilization = 0.25
    process.machineMemoryTotal = 100
    process.machineMemoryUsed = 40
    var gateway = GatewayFigures()
    var http = GatewayFigures.Listener(name: "http")
    http.openConnections = 2
    http.connectionLimit = 100
    http.answers = [(200, 5), (404, 1)]
    gateway.listeners = [http]
    gateway.isReady = true
    gateway.serverVersion = "0.1.0"
    return PrometheusText.render(statistics, process: process, gateway: gateway)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func `labels are escaped, so a hostile model name stays inside its quotes`() {
    let lines = page([statistics()])
    #expect(lines.contains(#"nv_inference_count{model="di\"g\\its\n",version="2"} 12"#))
  }

  @Test func `a stage histogram separates fifty microseconds from fifty milliseconds`() {
    let lines = page([statistics()]).filter {
      $0.hasPrefix("needletail_stage_duration_seconds") && $0.contains("stage=\"total\"")
    }
    func value(_ bound: String) -> String? {
      lines.first { $0.contains("le=\"\(bound)\"") }?.split(separator: " ").last.map(String.init)
    }
    #expect(value("0.000025") == "0")
    #expect(value("0.00005") == "1")
    #expect(value("0.025") == "1")
    #expect(value("0.05") == "2")
    #expect(value("+Inf") == "2")
    #expect(lines.contains { $0.hasSuffix("} 0.04003") && $0.contains("_sum") })
    #expect(lines.contains { $0.hasSuffix("} 2") && $0.contains("_count") })
  }

  @Test func `the request outcomes and the failure reasons add up`() {
    let lines = page([statistics()])
    func value(_ prefix: String, _ label: String) -> String? {
      lines.first { $0.hasPrefix(prefix) && $0.contains(label) }?
        .split(separator: " ").last.map(String.init)
    }
    #expect(value("needletail_requests_total", "outcome=\"success\"") == "7")
    #expect(value("needletail_requests_total", "outcome=\"rejected\"") == "2")
    #expect(value("needletail_requests_total", "outcome=\"expired\"") == "1")
    #expect(value("nv_inference_request_failure", "reason=\"REJECTED\"") == "3")
    #expect(value("nv_inference_request_failure", "reason=\"CANCELED\"") == "1")
    #expect(value("nv_inference_request_failure", "reason=\"BACKEND\"") == "1")
    #expect(value("nv_inference_request_failure", "reason=\"OTHER\"") == "1")
    #expect(value("nv_inference_request_duration_us", "model") == "7000")
    #expect(value("nv_inference_queue_duration_us", "model") == "3500")
  }

  @Test func `batch sizes are counted in rows`() {
    let lines = page([statistics()]).filter { $0.hasPrefix("needletail_batch_rows") }
    #expect(lines.contains { $0.contains("le=\"1\"") && $0.hasSuffix(" 2") })
    #expect(lines.contains { $0.contains("le=\"4\"") && $0.hasSuffix(" 2") })
    #expect(lines.contains { $0.contains("le=\"8\"") && $0.hasSuffix(" 4") })
    #expect(lines.contains { $0.contains("_sum") && $0.hasSuffix(" 12") })
  }

  @Test func `every family is announced once, before its samples, and is contiguous`() {
    var other = statistics()
    other.version = "3"
    let lines = page([statistics(), other])
    #expect(lines.last == "")
    var announced: Set<String> = []
    var current = ""
    for line in lines where !line.isEmpty {
      if line.hasPrefix("# HELP ") {
        current = String(line.split(separator: " ")[2])
        #expect(announced.insert(current).inserted, "\(current) twice")
      } else if line.hasPrefix("# TYPE ") {
        #expect(line.split(separator: " ")[2] == current)
      } else {
        let name = String(line.prefix { $0 != "{" && $0 != " " })
        let suffixes = ["", "_bucket", "_sum", "_count"]
        #expect(suffixes.contains { current + $0 == name }, "\(name) under \(current)")
        #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
      }
    }
    #expect(announced.isSuperset(of: [
      "nv_inference_request_success", "nv_inference_exec_count", "nv_cpu_utilization",
      "nv_cpu_memory_total_bytes", "nv_cpu_memory_used_bytes", "needletail_pending_requests",
      "nv_inference_pending_request_count", "needletail_model_inline", "needletail_connections",
      "nv_inference_compute_input_duration_us", "nv_inference_compute_infer_duration_us",
      "nv_inference_compute_output_duration_us", "process_resident_memory_bytes",
    ]))
  }

  @Test func `a server without models still has a page`() {
    let lines = page([])
    #expect(lines.contains("needletail_ready 1"))
    #expect(lines.contains(#"needletail_answers_total{listener="http",status="404"} 1"#))
    #expect(!lines.contains { $0.hasPrefix("nv_inference") })
  }

  @Test func `the process reads its own figures`() {
    let reader = ProcessReader()
    let figures = reader.read()
    #expect((figures.residentBytes ?? 0) > 0)
    #expect((figures.openDescriptors ?? 0) > 0)
    #expect((figures.descriptorLimit ?? 0) > 0)
    #expect((figures.cpuSeconds ?? 0) > 0)
    #expect((figures.machineMemoryTotal ?? 0) > 0)
    #expect(figures.uptimeSeconds >= 0)
  }
}
