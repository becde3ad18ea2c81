import Foundation
import Needletail

/// A folder with a pipeline, its views and state, removed at the end.
final class ServiceFolder {
  static let pipeline = """
    name: spending
    outcomes: [approve, decline, review]
    input:
      id: id
      time: time
      fields:
        id: string?
        time: timestamp?
        card: {type: string, sensitive: true}
        amount: {type: double, min: 0, max: 10000}
    features: {views: views.yaml, service: payment}
    event: {source: payments}
    budget: {total: 20s, features: 10s}
    gate:
      - name: often
        when: has(activity.count_1h) && activity.count_1h >= 3
        decide: decline
        reason: OFTEN
      - {name: small, when: amount < 100.0, decide: approve, reason: SMALL}
    fallback:
      - {decide: review, reason: LARGE}
    """

  static let views = """
    sources:
      payments:
        time: time
        id: id
        fields: {card: string, amount: double}
    entities:
      card: {key: card}
    views:
      activity:
        entity: card
        source: payments
        windows: [1h]
        features:
          - {name: count, aggregate: count}
          - {name: spent, aggregate: sum, of: amount}
    services:
      payment: [amount, activity.*]
    """

  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "needletail-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try write("pipeline.yaml", Self.pipeline)
    try write("views.yaml", Self.views)
  }

  /// The files of another folder as they are, as after a crash.
  init(copying other: ServiceFolder) throws {
    url = FileManager.default.temporaryDirectory.appending(path: "needletail-\(UUID())")
    try FileManager.default.copyItem(at: other.url, to: url)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: url.appending(path: name))
  }

  /// What an engine of this folder is made with.
  func configuration(keepsState: Bool = true) -> EngineConfiguration {
    EngineConfiguration(
      pipelines: [url.appending(path: "pipeline.yaml").path],
      stateFolder: keepsState ? url.appending(path: "state").path : nil)
  }
}
