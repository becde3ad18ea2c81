/// Decision pipelines, features and records.
extension MetricsPage {
  private static let breakerStates = ["closed", "half-open", "open"]

  mutating func addDecisions(_ figures: DecisionFigures) {
    let pipelines = figures.pipelines.map { ($0, Self.label("pipeline", $0.name)) }
    addCounts(pipelines)
    addDecisionStages(pipelines)
    addTiers(pipelines)
    if let records = figures.records { addRecords(records) }
    addFeatures(figures)
  }

  private mutating func addCounts(_ pipelines: [(DecisionFigures.Pipeline, String)]) {
    family(
      "needletail_pipeline_info", .gauge, "Always 1; the digest of what is served is the label.")
    for (pipeline, labels) in pipelines {
      sample("\(labels),\(Self.label("digest", pipeline.digest))", 1)
    }
    family(
      "needletail_decisions_total", .counter,
      "Decisions answered, repeated ones included, by outcome and by what decided.")
    for (pipeline, labels) in pipelines {
      for entry in pipeline.outcomes {
        sample(
          "\(labels),\(Self.label("outcome", entry.outcome)),"
            + Self.label("decided_by", entry.decidedBy), entry.count)
      }
    }
    family("needletail_decisions_degraded_total", .counter, "Decisions that were degraded.")
    for (pipeline, labels) in pipelines { sample(labels, pipeline.degradedCount) }
    family(
      "needletail_decisions_degraded_reasons_total", .counter,
      "Why decisions were degraded; one may have several reasons.")
    for (pipeline, labels) in pipelines {
      for entry in pipeline.degraded {
        sample("\(labels),\(Self.label("reason", entry.reason))", entry.count)
      }
    }
    family("needletail_decisions_late_total", .counter, "Decisions that came after the deadline.")
    for (pipeline, labels) in pipelines { sample(labels, pipeline.lateCount) }
    family(
      "needletail_decision_failures_total", .counter, "Requests that got no decision, by code.")
    for (pipeline, labels) in pipelines {
      for entry in pipeline.failures {
        sample("\(labels),\(Self.label("code", entry.code))", entry.count)
      }
    }
    family("needletail_decisions_under_way", .gauge, "Decisions being made now.")
    for (pipeline, labels) in pipelines { sample(labels, pipeline.underWay) }
    family("needletail_decisions_under_way_limit", .gauge, "The most that may be under way.")
    for (pipeline, labels) in pipelines { sample(labels, pipeline.underWayLimit) }
  }

  private mutating func addDecisionStages(_ pipelines: [(DecisionFigures.Pipeline, String)]) {
    family(
      "needletail_decision_stage_duration_seconds", .histogram,
      "Time of each stage of a decision: features, gate, each tier, fallback, rules, record, and "
        + "total from the last byte read to the answer.")
    for (pipeline, labels) in pipelines {
      for stage in pipeline.stages {
        duration("\(labels),\(Self.label("stage", stage.name))", stage.times)
      }
    }
    family(
      "needletail_decision_stage_quantile_seconds", .gauge,
      "Quantiles of each stage since the start, to within 1/32; 1 is the maximum.")
    for (pipeline, labels) in pipelines {
      for stage in pipeline.stages {
        quantiles("\(labels),\(Self.label("stage", stage.name))", stage.times)
      }
    }
  }

  private mutating func addTiers(_ pipelines: [(DecisionFigures.Pipeline, String)]) {
    let tiers = pipelines.flatMap { pipeline, labels in
      pipeline.tiers.map { ($0, "\(labels),\(Self.label("tier", $0.name))") }
    }
    family("needletail_tier_breaker", .gauge, "1 for the state that the tier's breaker is in.")
    for (tier, labels) in tiers {
      for state in Self.breakerStates {
        sample("\(labels),state=\"\(state)\"", tier.breaker == state ? 1 : 0)
      }
    }
    family(
      "needletail_tier_breaker_openings", .gauge, "Openings since the breaker was last closed.")
    for (tier, labels) in tiers { sample(labels, tier.openings) }
    family("needletail_tier_calls_in_flight", .gauge, "Calls of the tier's model in flight.")
    for (tier, labels) in tiers { sample(labels, tier.inFlight) }
    family(
      "needletail_escalation_share", .gauge,
      "The share of requests scored by the tier in the last ten seconds that went on, 0 to 1.")
    for (tier, labels) in tiers { if let share = tier.share { sample(labels, share) } }
    family(
      "needletail_escalation_band", .gauge,
      "The part of the declared band of scores that goes on, 0 to 1.")
    for (tier, labels) in tiers { if let band = tier.band { sample(labels, band) } }
  }

  private mutating func addRecords(_ records: DecisionFigures.Records) {
    family("needletail_records_queued", .gauge, "Records that wait to be written.")
    sample("", records.queuedRows)
    family("needletail_records_queued_bytes", .gauge, "Bytes of the records that wait.")
    sample("", records.queuedBytes)
    family("needletail_records_total", .counter, "Records, by what became of them.")
    let outcomes = [
      ("recorded", records.recorded), ("duplicate", records.duplicates),
      ("refused", records.refused), ("failed", records.failed), ("lost", records.lost),
    ]
    for (outcome, count) in outcomes { sample("outcome=\"\(outcome)\"", count) }
    family(
      "needletail_records_commit_duration_seconds", .histogram,
      "Time of each transaction of records, its sync included.")
    duration("", records.commitTime)
    family("needletail_records_sequence", .gauge, "The place of the newest record in the chain.")
    sample("", Int(records.lastSequence))
    family("needletail_records_up", .gauge, "0 once the disk of the records has failed.")
    sample("", records.isFailed ? 0 : 1)
  }

  private mutating func addFeatures(_ figures: DecisionFigures) {
    let stores = figures.stores.map { ($0, Self.label("views", $0.views)) }
    // Two files of views may have entities of the same name.
    family("needletail_feature_keys", .gauge, "Keys that features are kept of.")
    for (store, labels) in stores {
      for entity in store.entities {
        sample("\(labels),\(Self.label("entity", entity.name))", entity.keys)
      }
    }
    family("needletail_feature_keys_limit", .gauge, "The most keys that features are kept of.")
    for (store, labels) in stores {
      for entity in store.entities {
        sample("\(labels),\(Self.label("entity", entity.name))", entity.most)
      }
    }
    family("needletail_feature_bytes", .gauge, "Bytes of feature state in memory, about.")
    for (store, labels) in stores { sample(labels, store.bytes) }
    family("needletail_feature_log_up", .gauge, "0 once the disk of the events has failed.")
    for (store, labels) in stores { sample(labels, store.isFailed ? 0 : 1) }
    family(
      "needletail_events_total", .counter,
      "Events since the state began: accepted, duplicate, late, future, refused.")
    let sources = figures.sources.map { ($0, Self.label("source", $0.name)) }
    for (source, labels) in sources {
      for outcome in source.outcomes {
        sample("\(labels),outcome=\"\(outcome.name)\"", outcome.count)
      }
    }
    family(
      "needletail_events_newest_timestamp_seconds", .gauge,
      "The newest event time of a source, in seconds since 1970.")
    for (source, labels) in sources {
      if let newest = source.newest { sample(labels, Double(newest) / 1e9) }
    }
  }
}
