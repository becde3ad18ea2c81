import Decisions
import Foundation
import Gateway
import NeedletailTesting

/// A server with one pipeline, its views and its records in a folder of their own.
enum DecisionTestHost {
  static let views = """
    sources:
      payments:
        time: at
        id: id
        fields: {card: string, amount: double, ok: bool?, count: int?}
    entities: {card: {key: card}}
    views:
      spend:
        entity: card
        source: payments
        windows: [1h]
        features: [{name: count, aggregate: count}, {name: sum, aggregate: sum, of: amount}]
    services: {all: [spend.*]}
    """

  static let pipeline = """
    name: sample
    outcomes: [approve, decline, review]
    input:
      id: id
      time: at
      fields:
        id: string?
        at: timestamp?
        amount: {type: double, min: 0, max: 1000}
        card: {type: string, max_length: 8, sensitive: true}
        count: int?
        ok: bool?
    features: {views: views.yaml, service: all}
    event: {source: payments}
    budget: {total: 600s, reserve: 1ms, features: 10s}
    tiers:
      - name: doubled
        model: double
        inputs: {x: [amount, amount]}
        score: y[0]
        approve_below: 0.5
        decline_from: 0.9
        otherwise: review
        timeout: 2s
    rules:
      - name: often
        when: has(spend.count_1h) && spend.count_1h >= 3
        decide: decline
        reason: OFTEN
    fallback:
      - {decide: review, reason: FALLBACK}
    durability: group
    """

  /// Starts a server, opens the pipeline in it, runs `body`, and stops both.
  ///
  /// - Parameter changes: texts of the pipeline and what stands for them.
  static func with<Result>(
    _ changes: [(String, String)] = [], limits: GRPCLimits = GRPCTestServer.quickLimits,
    _ body: (GRPCTestServer, URL) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "needletail-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var text = pipeline
    for (old, new) in changes { text = text.replacing(old, with: new) }
    try Data(views.utf8).write(to: folder.appending(path: "views.yaml"))
    try Data(text.utf8).write(to: folder.appending(path: "pipeline.yaml"))
    let models = [ScriptedHost.Entry("double", model: .doubling(columns: 2))]
    return try await GRPCTestServer.with(models, limits: limits) { server in
      var options = DecisionHostOptions()
      options.pipelines = [folder.appending(path: "pipeline.yaml").path]
      options.stateFolder = folder.appending(path: "state").path
      let host = try await DecisionHost.open(options, models: server.engine) { _ in }
      server.context.serve(host)
      do {
        let result = try await body(server, folder)
        await host.close()
        return result
      } catch {
        await host.close()
        throw error
      }
    }
  }
}
