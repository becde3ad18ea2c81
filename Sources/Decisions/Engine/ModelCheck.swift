package import Inference
internal import ModelRuntimes
internal import Tensors

extension PipelineDefinition {
  /// What does not fit between the tiers and the models that are served, each
  /// `file:line:column: what; fix`; empty if all fits.
  package func modelProblems(_ port: InferencePort) -> [String] {
    var problems: [String] = []
    for tier in tiers where tier.asksModel {
      var check = ModelCheck(path: path, tier: tier)
      do throws(InferenceError) {
        check.compare(with: try port.resolve(model: tier.model, version: tier.version))
      } catch {
        check.add(tier.places.model, error.message, "load the model, or name one that is served")
      }
      problems += check.problems
    }
    return problems
  }
}

/// Compares one tier with the model it asks.
private struct ModelCheck {
  let path: String
  let tier: TierDefinition
  private(set) var problems: [String] = []

  init(path: String, tier: TierDefinition) {
    self.path = path
    self.tier = tier
  }

  mutating func add(_ place: FilePlace, _ what: String, _ fix: String) {
    let at = place.line > 0 ? "\(path):\(place.line):\(place.column)" : path
    problems.append("\(at): tier '\(tier.name)': \(what); \(fix)")
  }

  mutating func compare(with version: ServedVersion) {
    for (index, input) in tier.inputs.enumerated() { compare(input, index, version) }
    for spec in version.inputs
    where !spec.isOptional && !tier.inputs.contains(where: { $0.name == spec.name }) {
      add(
        tier.places.inputs, "the model's input '\(spec.name)' is not filled",
        "add '\(spec.name): […]' to 'inputs'")
    }
    compareScore(version)
  }

  private mutating func compare(_ input: ModelInput, _ index: Int, _ version: ServedVersion) {
    let place = tier.places.input.indices.contains(index) ? tier.places.input[index] : .init()
    guard let spec = version.inputs.first(where: { $0.name == input.name }) else {
      return add(
        place, "the model '\(tier.model)' has no input '\(input.name)'",
        "it has \(list(version.inputs.map(\.name)))")
    }
    if !Self.fills(spec) {
      add(
        place, "input '\(input.name)' is of type \(spec.elementType.wireName)",
        "tiers fill FP32 and FP64: export the model so")
    }
    let wide = spec.dimensions.last ?? -1
    if wide >= 0, wide != input.columns.count {
      add(
        place, "input '\(input.name)' takes \(wide) columns; the tier lists \(input.columns.count)",
        "list what the model was trained with, in its order")
    } else {
      compareShape(input, spec, version, place)
    }
  }

  /// A tier asks for one row.
  private mutating func compareShape(
    _ input: ModelInput, _ spec: TensorSpec, _ version: ServedVersion, _ place: FilePlace
  ) {
    let columns = input.columns.count
    if version.maxBatchSize > 0, spec.dimensions.count == 1, columns != 1 {
      return add(
        place, "input '\(input.name)' takes one number a row; the tier lists \(columns)",
        "list one, or export the model with an input of two dimensions")
    }
    let shape: TensorShape = spec.dimensions.count == 1 ? [columns] : [1, columns]
    if !spec.accepts(shape) {
      add(
        place, "input '\(input.name)' has the shape \(spec.dimensions); a tier fills \(shape)",
        "export the model with an input of one row, or of a variable number of them")
    }
  }

  private mutating func compareScore(_ version: ServedVersion) {
    guard let output = version.outputs.first(where: { $0.name == tier.scoreOutput }) else {
      return add(
        tier.places.score, "the model '\(tier.model)' has no output '\(tier.scoreOutput)'",
        "it has \(list(version.outputs.map(\.name)))")
    }
    if !Self.fills(output) {
      add(
        tier.places.score, "output '\(output.name)' is of type \(output.elementType.wireName)",
        "a score is FP32 or FP64")
    }
    if let last = output.dimensions.last, output.dimensions.count > 1, last >= 0,
      tier.scoreIndex >= last
    {
      add(
        tier.places.score,
        "output '\(output.name)' has \(last) columns; there is no index \(tier.scoreIndex)",
        "use 0 to \(last - 1)")
      return
    }
    let row = version.maxBatchSize > 0 ? output.dimensions.dropFirst() : output.dimensions[...]
    let elements = row.reduce(1) { $0 * max(0, $1) }
    if !row.contains(where: { $0 < 0 }), tier.scoreIndex >= elements {
      add(
        tier.places.score,
        "output '\(output.name)' has \(elements) numbers a row; there is no index "
          + "\(tier.scoreIndex)", "use an index below \(elements)")
    }
  }

  private static func fills(_ spec: TensorSpec) -> Bool {
    spec.elementType == .fp32 || spec.elementType == .fp64
  }

  private func list(_ names: [String]) -> String {
    names.map { "'\($0)'" }.joined(separator: ", ")
  }
}
