package import Tensors

/// The value of one `InferParameter`; text is a range of the message.
package enum ParameterValue: Sendable, Equatable {
  /// The parameter is absent, or present without a value.
  case none
  case bool(Bool)
  case int64(Int64)
  case uint64(UInt64)
  case double(Double)
  case text(FieldSpan)

  /// The value as a whole number of at least 0; `nil` for every other value.
  package var nonNegative: Int? {
    switch self {
    case .int64(let value): value >= 0 ? Int(value) : nil
    case .uint64(let value): Int(exactly: value)
    case .none, .bool, .double, .text: nil
    }
  }
}

/// The parameters that place a tensor in a shared memory region, as the message has them.
package struct PlacementFields: Sendable, Equatable {
  package var region: ParameterValue = .none
  package var offset: ParameterValue = .none
  package var byteSize: ParameterValue = .none

  /// Whether any of them is present.
  package var isPresent: Bool { region != .none || offset != .none || byteSize != .none }
}

/// One `InferInputTensor` of a message: ranges of its bytes, nothing resolved yet.
package struct InputFields: Sendable {
  package var name = FieldSpan.empty
  package var datatype = FieldSpan.empty
  package var shape = TensorShape()
  /// Whether the shape has a negative dimension or more than ``TensorShape/rankMax``.
  package var shapeIsInvalid = false
  package var placement = PlacementFields()
  /// Whether a `contents` message is present, even an empty one.
  package var hasContents = false
}

/// One `InferRequestedOutputTensor` of a message.
package struct OutputFields: Sendable {
  package var name = FieldSpan.empty
  package var placement = PlacementFields()
  package var classification: ParameterValue = .none
}

/// A `contents` message and the input it belongs to; repeated ones are joined in this order.
package struct ContentsSpan: Sendable {
  package var input: Int
  package var span: FieldSpan
}

/// What a `ModelInferRequest` holds: ranges of its bytes, collected in one pass.
///
/// Fields may come in any order and more than once, so nothing is resolved before the end. One
/// value is reused for all requests of a loop: its arrays keep their storage.
package struct ModelInferFields: Sendable {
  /// The most inputs, outputs and raw contents one request may have.
  package static let tensorsMax = 4096

  package var modelName = FieldSpan.empty
  package var modelVersion = FieldSpan.empty
  package var id = FieldSpan.empty
  package var priority: ParameterValue = .none
  package var timeout: ParameterValue = .none
  package var emptyFinalResponse: ParameterValue = .none
  /// A parameter whose name the server reserves, if there is one.
  package var reservedParameter: FieldSpan?
  package var inputs: [InputFields] = []
  package var outputs: [OutputFields] = []
  package var raw: [FieldSpan] = []
  package var contents: [ContentsSpan] = []

  package init() {}

  /// Forgets everything but the arrays' storage.
  package mutating func reset() {
    modelName = .empty
    modelVersion = .empty
    id = .empty
    priority = .none
    timeout = .none
    emptyFinalResponse = .none
    reservedParameter = nil
    inputs.removeAll(keepingCapacity: true)
    outputs.removeAll(keepingCapacity: true)
    raw.removeAll(keepingCapacity: true)
    contents.removeAll(keepingCapacity: true)
  }
}
