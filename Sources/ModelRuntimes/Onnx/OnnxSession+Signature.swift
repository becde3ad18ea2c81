internal import COnnxRuntime
internal import Tensors

/// What a model says of one tensor.
struct OnnxTensorFacts {
  var spec: TensorSpec
  /// A name for each dimension that varies, such as `batch`; empty if it has none.
  var dimensionNames: [String]
}

extension OnnxSession {
  enum Side: String {
    case input, output
  }

  /// Bounds what a hostile file can make us hold.
  private static let tensorCountMax = 4096

  /// The tensors on one side of the model, in its order.
  func tensors(_ side: Side, subject: String) throws(RuntimeFailure) -> [OnnxTensorFacts] {
    do throws(OnnxError) {
      var facts: [OnnxTensorFacts] = []
      for index in 0..<(try count(side)) {
        let name = try name(side, index)
        let type = try unsafe type(side, index)
        defer { unsafe library.api.pointee.release_type(type) }
        switch try unsafe read(unsafe type, name: name) {
        case .tensor(let tensor): facts.append(tensor)
        case .otherKind(let kind):
          // Classifiers exported from scikit-learn also give their probabilities as a sequence
          // of maps. An output we leave out harms nobody; an input we cannot fill would.
          if side == .output { continue }
          throw OnnxError(
            code: .notImplemented, text: "input '\(name)' is \(kind); only tensors are served")
        case .unsupported(let reason):
          throw OnnxError(
            code: .notImplemented, text: "\(side.rawValue) '\(name)' \(reason)")
        }
      }
      return facts
    } catch {
      throw error.loading(subject)
    }
  }

  private func count(_ side: Side) throws(OnnxError) -> Int {
    var count = 0
    switch side {
    case .input: try unsafe library.check(library.api.pointee.input_count(pointer, &count))
    case .output: try unsafe library.check(library.api.pointee.output_count(pointer, &count))
    }
    guard count <= Self.tensorCountMax else {
      throw OnnxError(
        code: .notImplemented,
        text: "it has \(count) \(side.rawValue)s; at most \(Self.tensorCountMax) are served")
    }
    return count
  }

  private func name(_ side: Side, _ index: Int) throws(OnnxError) -> String {
    let api = unsafe library.api
    let allocator = unsafe library.allocator
    var text: UnsafeMutablePointer<CChar>?
    switch side {
    case .input:
      try unsafe library.check(api.pointee.input_name(pointer, index, allocator, &text))
    case .output:
      try unsafe library.check(api.pointee.output_name(pointer, index, allocator, &text))
    }
    guard let text = unsafe text else { return "" }
    let name = unsafe String(cString: text)
    try unsafe library.check(api.pointee.allocator_free(allocator, text))
    return name
  }

  private func type(_ side: Side, _ index: Int) throws(OnnxError) -> OpaquePointer {
    var type: OpaquePointer?
    switch side {
    case .input: try unsafe library.check(library.api.pointee.input_type(pointer, index, &type))
    case .output:
      try unsafe library.check(library.api.pointee.output_type(pointer, index, &type))
    }
    guard let type = unsafe type else {
      throw OnnxError(code: .other, text: "\(side.rawValue) \(index) has no type")
    }
    return unsafe type
  }

  private enum Reading {
    case tensor(OnnxTensorFacts)
    case otherKind(String)
    case unsupported(String)
  }

  private func read(_ type: OpaquePointer, name: String) throws(OnnxError) -> Reading {
    let api = unsafe library.api
    var kind: Int32 = 0
    try unsafe library.check(api.pointee.type_kind(type, &kind))
    switch kind {
    case 1: break
    case 2: return .otherKind("a sequence")
    case 3: return .otherKind("a map")
    case 5: return .otherKind("a sparse tensor")
    case 6: return .otherKind("optional")
    default: return .otherKind("of an unknown kind")
    }
    var borrowed: OpaquePointer?
    try unsafe library.check(api.pointee.type_as_tensor(type, &borrowed))
    guard let tensor = unsafe borrowed else { return .otherKind("of an unknown kind") }
    var number: Int32 = 0
    try unsafe library.check(api.pointee.element_type(tensor, &number))
    guard let elementType = ElementType(onnxNumber: number) else {
      return .unsupported("has elements of ONNX type \(number), which is not served")
    }
    var rank = 0
    try unsafe library.check(api.pointee.rank(tensor, &rank))
    guard rank <= TensorShape.rankMax else {
      return .unsupported("has \(rank) dimensions; at most \(TensorShape.rankMax) are served")
    }
    var dimensions = [Int64](repeating: 0, count: rank)
    try unsafe library.check(api.pointee.dimensions(tensor, &dimensions, rank))
    var texts = unsafe [UnsafePointer<CChar>?](repeating: nil, count: rank)
    try unsafe library.check(api.pointee.dimension_names(tensor, &texts, rank))
    let names = unsafe texts.map { text in unsafe text.map { unsafe String(cString: $0) } ?? "" }
    let spec = TensorSpec(
      name: name, elementType: elementType, dimensions: dimensions.map { max(-1, Int($0)) })
    return .tensor(OnnxTensorFacts(spec: spec, dimensionNames: names))
  }
}
