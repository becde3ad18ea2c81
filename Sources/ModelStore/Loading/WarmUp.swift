internal import ModelRuntimes
internal import NIOCore
internal import Tensors

/// Runs a model on the samples of its `model_warmup` before it serves.
struct WarmUp {
  /// The most bytes that one input of a sample may have.
  static let inputByteCountMax = 1 << 30
  /// The most runs that one sample may ask for.
  static let countMax: UInt32 = 100_000

  private let configuration: ModelConfiguration
  private let folder: String
  private let parsed: ParsedConfiguration

  /// Runs every sample; blocking.
  static func run(
    _ configuration: ModelConfiguration, model: any LoadedModel, folder: String,
    parsed: ParsedConfiguration
  ) throws(LoadProblem) {
    let samples = configuration.message.modelWarmup
    if samples.isEmpty { return }
    let warmUp = WarmUp(configuration: configuration, folder: folder, parsed: parsed)
    let instance: any ModelInstance
    do { instance = try model.makeInstance() } catch { throw .runtime(error) }
    for (index, sample) in samples.enumerated() {
      let inputs: [InputTensor]
      do {
        inputs = try warmUp.inputs(of: sample, path: "model_warmup[\(index)]")
      } catch {
        throw .configuration(error)
      }
      for _ in 0..<min(max(1, sample.count), countMax) {
        do {
          _ = try instance.run([inputs])
        } catch {
          throw .runtime(
            RuntimeFailure(
              error.code, "the warm-up sample '\(sample.name)' failed: \(error.message)"))
        }
      }
    }
  }

  private func failure(
    _ path: String, _ message: String, fix: String = ""
  ) -> ConfigurationFailure {
    ConfigurationFailure([parsed.problem(at: path, message, fix: fix)])
  }

  private func inputs(
    of sample: Inference_ModelWarmup, path: String
  ) throws(ConfigurationFailure) -> [InputTensor] {
    for name in sample.inputs.keys.sorted()
    where !configuration.inputs.contains(where: { $0.name == name }) {
      throw failure(
        "\(path).inputs[\"\(name)\"]",
        "the warm-up sample '\(sample.name)' names '\(name)', which is not an input of the model",
        fix: NameSuggestion.fix(for: name, among: configuration.inputs.map(\.name)))
    }
    var result: [InputTensor] = []
    for (index, spec) in configuration.inputs.enumerated() {
      guard let input = sample.inputs[spec.name] else {
        if spec.isOptional { continue }
        throw failure(
          path, "the warm-up sample '\(sample.name)' lacks the input '\(spec.name)'", fix: "add it")
      }
      let inputPath = "\(path).inputs[\"\(spec.name)\"]"
      result.append(
        InputTensor(index: index, tensor: try tensor(input, spec, sample, path: inputPath)))
    }
    return result
  }

  private func tensor(
    _ input: Inference_ModelWarmup.Input, _ spec: TensorSpec, _ sample: Inference_ModelWarmup,
    path: String
  ) throws(ConfigurationFailure) -> Tensor {
    var dims = input.dims.map { Int(clamping: $0) }
    if configuration.maxBatchSize > 0 {
      let rows = max(1, Int(sample.batchSize))
      guard rows <= configuration.maxBatchSize else {
        throw failure(
          path, "the warm-up sample '\(sample.name)' has batch_size \(rows)",
          fix: "keep it within max_batch_size, which is \(configuration.maxBatchSize)")
      }
      dims.insert(rows, at: 0)
    }
    guard let shape = TensorShape(dims), spec.accepts(shape) else {
      throw failure(
        path, "the warm-up input '\(spec.name)' has the shape \(dims), the model takes "
          + "\(spec.dimensions)", fix: "set dims to sizes that the model takes")
    }
    let isTyped = input.dataType.rawValue == Int(spec.elementType.rawValue)
    guard isTyped || input.dataType == .typeInvalid else {
      throw failure(
        path, "the warm-up input '\(spec.name)' has another type than the model",
        fix: "write data_type: \(spec.elementType.configurationName)")
    }
    let width = spec.elementType.byteWidth ?? 4
    guard let count = shape.elementCount, count <= Self.inputByteCountMax / width else {
      throw failure(
        path, "the warm-up input '\(spec.name)' has more than \(Self.inputByteCountMax) bytes")
    }
    let tensor = Tensor(
      elementType: spec.elementType, shape: shape,
      bytes: try content(input, type: spec.elementType, byteCount: count * width, path: path))
    do {
      try tensor.validate()
    } catch {
      throw failure(
        path, "the data of the warm-up input '\(spec.name)' does not fit its shape \(shape): "
          + "\(error)")
    }
    return tensor
  }

  private func content(
    _ input: Inference_ModelWarmup.Input, type: ElementType, byteCount: Int, path: String
  ) throws(ConfigurationFailure) -> ByteBuffer {
    switch input.inputDataType {
    case .inputDataFile(let file)?:
      let location = folder + "/warmup/" + file
      guard let bytes = FileAccess.read(location, byteCountMax: Self.inputByteCountMax) else {
        throw failure(path, "the warm-up file '\(location)' is missing, unreadable or too large")
      }
      return ByteBuffer(bytes: bytes)
    case .randomData(true)?: return random(type, byteCount: byteCount)
    case .zeroData?, .randomData?, nil: return ByteBuffer(repeating: 0, count: byteCount)
    }
  }

  /// Values a model can take: reals within 0..<1, small integers, empty strings.
  private func random(_ type: ElementType, byteCount: Int) -> ByteBuffer {
    var generator = SystemRandomNumberGenerator()
    var buffer = ByteBuffer()
    buffer.reserveCapacity(byteCount)
    let count = byteCount / (type.byteWidth ?? 4)
    for _ in 0..<count {
      let number = generator.next() as UInt64
      let unit = Float(number >> 40) / Float(1 << 24)
      switch type {
      case .bool: buffer.writeInteger(UInt8(number & 1))
      case .uint8, .int8: buffer.writeInteger(UInt8(number & 0x7F))
      case .uint16, .int16:
        buffer.writeInteger(UInt16(number & 0x7F), endianness: .little)
      case .uint32, .int32:
        buffer.writeInteger(UInt32(number & 0x7F), endianness: .little)
      case .uint64, .int64: buffer.writeInteger(number & 0x7F, endianness: .little)
      // 0x3800 is 0.5 and 0x3C00 is 1: the bits below give halves in between.
      case .fp16:
        buffer.writeInteger(UInt16(0x3800 | (number & 0x3FF)), endianness: .little)
      case .bf16:
        buffer.writeInteger(UInt16(unit.bitPattern >> 16), endianness: .little)
      case .fp32: buffer.writeInteger(unit.bitPattern, endianness: .little)
      case .fp64: buffer.writeInteger(Double(unit).bitPattern, endianness: .little)
      case .bytes: buffer.writeInteger(UInt32(0), endianness: .little)
      }
    }
    return buffer
  }
}
