import Needletail

/// A shop that decides about payments inside its own process, without a network.
///
///     cd Examples/embedding && swift run Shop
@main
struct Shop {
  static func main() async throws {
    let examples = "../card-fraud"
    let engine = try await NeedletailEngine(
      EngineConfiguration(
        pipelines: ["\(examples)/pipeline.yaml"], modelRepositories: ["../models"],
        stateFolder: ".build/shop-state",
        onnxRuntimeLibrary: "../../.needletail/onnxruntime")
    ) { notice in print("notice: \(notice)") }

    let payment: [String: Value] = [
      "transaction_id": "t-1", "card": "c-17", "terminal": "s-4", "country": "DE",
      "amount": 129.90,
    ]
    let decision = try await engine.decide(
      "card-fraud", payment, timeout: .milliseconds(20), wantsFeatures: true)
    print(decision.outcome, decision.reasons, "by", decision.decidedBy)
    for tier in decision.tiers { print(" ", tier.name, tier.score ?? "no score", tier.time) }

    // The same id gets the same decision, now and after a restart.
    let again = try await engine.decide("card-fraud", payment)
    print("repeated:", again.id == decision.id)
    await engine.close()
  }
}
