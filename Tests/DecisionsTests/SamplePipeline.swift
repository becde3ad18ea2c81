@testable import Decisions
import Definitions

/// A pipeline of two tiers without feature views, as text with one place to change.
enum SamplePipeline {
  static let text = """
    name: sample
    outcomes: [approve, decline, review]
    input:
      id: id
      fields:
        id: string?
        amount: {type: double, min: 0, max: 1000}
        country: {type: string, one_of: [DE, FR], required: false}
        card: {type: string, sensitive: true, required: false}
        weight: double?
    budget: {total: 20ms, reserve: 1ms}
    gate:
      - {name: tiny, when: amount < 1.0, decide: approve, reason: TINY}
    tiers:
      - name: fast
        model: fast
        inputs: {x: [amount, weight]}
        score: p
        approve_below: 0.2
        decline_from: 0.8
        timeout: 4ms
        concurrency: 4
      - name: deep
        model: deep
        inputs: {x: [amount, weight]}
        score: p[1]
        approve_below: 0.4
        decline_from: 0.6
        otherwise: review
        timeout: 10ms
        concurrency: 2
    rules:
      - {name: big, when: "amount > 900.0 && outcome == 'approve'", decide: review, reason: BIG}
    fallback:
      - {tier: fast, approve_below: 0.1, decline_from: 0.7}
      - rules: [{name: cheap, when: amount < 10.0, decide: approve, reason: CHEAP}]
      - {decide: review, reason: FALLBACK}
    """

  /// The pipeline, with each text of `changes` replaced by the other.
  static func make(
    _ changes: [(String, String)] = [], files: [String: String] = [:]
  ) throws -> PipelineDefinition {
    var text = text
    for (old, new) in changes {
      precondition(text.contains(old), "the sample has no '\(old)'")
      text = text.replacing(old, with: new)
    }
    return try PipelineFile.parse(text, path: "sample.yaml") { files[$0] }
  }

  /// What is wrong with the changed pipeline, one problem a line; empty if nothing is.
  static func problems(
    _ changes: (String, String)..., files: [String: String] = [:]
  ) throws -> String {
    do {
      _ = try make(changes, files: files)
      return ""
    } catch let error as DefinitionError {
      return error.description
    }
  }
}
