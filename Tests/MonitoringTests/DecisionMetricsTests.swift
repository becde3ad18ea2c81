import Monitoring
import Testing
import Timing

@Suite struct DecisionMetricsTests {
  private func page() -> [String] {
    var pipeline = DecisionFigures.Pipeline(name: "cards", digest: "abc")
    pipeline.outcomes = [.init(outcome: "approve", decidedBy: "trees", count: 3)]
    pipeline.degraded = [("deep:timeout", 2)]
    pipeline.failures = [("OVERLOADED", 4)]
    var times = LatencyHistogram()
    times.record(30_000)
    pipeline.stages = [("features", times)]
    var tier = DecisionFigures.Tier(name: "trees")
    tier.breaker = "half-open"
    tier.share = 0.25
    pipeline.tiers = [tier, DecisionFigures.Tier(name: "deep")]
    var figures = DecisionFigures()
    figures.pipelines = [pipeline]
    var records = DecisionFigures.Records()
    records.queuedRows = 7
    records.isFailed = true
    figures.records = records
    var store = DecisionFigures.Store(views: "views.yaml")
    store.entities = [("card", 5, 100)]
    figures.stores = [store]
    var source = DecisionFigures.Source(name: "payments")
    source.outcomes = [("late", 9)]
    source.newest = 1_500_000_000
    figures.sources = [source]
    var gateway = GatewayFigures()
    gateway.decisions = figures
    return PrometheusText.render([], process: ProcessFigures(), gateway: gateway)
      .split(separator: "\n").map(String.init)
  }

  @Test(arguments: [
    #"needletail_pipeline_info{pipeline="cards",digest="abc"} 1"#,
    #"needletail_decisions_total{pipeline="cards",outcome="approve",decided_by="trees"} 3"#,
    #"needletail_decisions_degraded_reasons_total{pipeline="cards",reason="deep:timeout"} 2"#,
    #"needletail_decision_failures_total{pipeline="cards",code="OVERLOADED"} 4"#,
    #"needletail_decision_stage_duration_seconds_count{pipeline="cards",stage="features"} 1"#,
    #"needletail_tier_breaker{pipeline="cards",tier="trees",state="half-open"} 1"#,
    #"needletail_tier_breaker{pipeline="cards",tier="trees",state="closed"} 0"#,
    #"needletail_escalation_share{pipeline="cards",tier="trees"} 0.25"#,
    "needletail_records_queued 7", "needletail_records_up 0",
    #"needletail_feature_keys{views="views.yaml",entity="card"} 5"#,
    #"needletail_events_total{source="payments",outcome="late"} 9"#,
    #"needletail_events_newest_timestamp_seconds{source="payments"} 1.5"#,
  ])
  func `each figure is on the page`(_ line: String) {
    #expect(page().contains(line))
  }

  @Test func `the last tier has no share of its own`() {
    #expect(!page().contains { $0.hasPrefix("needletail_escalation_share") && $0.contains("deep") })
  }

  @Test func `a page without pipelines says nothing of them`() {
    let text = PrometheusText.render([], process: ProcessFigures(), gateway: GatewayFigures())
    #expect(!text.contains("needletail_decisions"))
    #expect(!text.contains("needletail_records"))
  }
}
