/// Several models under load at once, each with its share, urgency and deadline.
package struct ModelMix: Sendable {
  /// One model's part.
  package struct Part: Sendable {
    /// What reports call it; mostly the model's name.
    package var name: String
    package var model: ModelDescription
    /// Its share of the requests, relative to the others'; above 0.
    package var weight: Double
    package var inputs: InputSet
    package var options: RequestOptions
    /// Where the part's tensors lie; `nil` sends them.
    package var sharedMemory: SharedMemoryLayout?

    package init(
      name: String? = nil, model: ModelDescription, weight: Double = 1, inputs: InputSet,
      options: RequestOptions = RequestOptions(), sharedMemory: SharedMemoryLayout? = nil
    ) {
      self.name = name ?? model.name
      self.model = model
      self.weight = weight
      self.inputs = inputs
      self.options = options
      self.sharedMemory = sharedMemory
    }
  }

  /// Parts at most.
  package static let partsMax = 1024

  package var parts: [Part]

  package init(_ parts: [Part]) { self.parts = parts }

  /// The parts as entries of a plan, in their order.
  ///
  /// - Throws: ``BenchInputError`` that names the part.
  package func entries(
    for destination: RequestEncoder.Destination
  ) throws(BenchInputError) -> [LoadPlan.Entry] {
    guard !parts.isEmpty, parts.count <= Self.partsMax else {
      throw BenchInputError("a mix of \(parts.count) models: use 1 to \(Self.partsMax)")
    }
    var entries: [LoadPlan.Entry] = []
    for (index, part) in parts.enumerated() {
      guard part.weight > 0, part.weight.isFinite else {
        throw BenchInputError("weight \(part.weight) of '\(part.name)': use a number above 0")
      }
      let encoder = RequestEncoder(
        model: part.model, options: part.options, destination: destination,
        sharedMemory: part.sharedMemory)
      entries.append(
        LoadPlan.Entry(
          name: part.name, weight: part.weight,
          requests: try encoder.encode(part.inputs, entry: index),
          deadlineNanoseconds: part.options.deadlineNanoseconds))
    }
    return entries
  }
}
