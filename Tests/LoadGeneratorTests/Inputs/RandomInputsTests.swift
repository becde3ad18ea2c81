import LoadGenerator
import NIOCore
import Tensors
import Testing

@Suite struct RandomInputsTests {
  private static func error(
    _ random: RandomInputs, _ model: ModelDescription, batchSize: Int = 1,
    limits: InputLimits = InputLimits()
  ) -> String {
    do throws(BenchInputError) {
      _ = try random.make(for: model, batchSize: batchSize, limits: limits)
      return ""
    } catch {
      return error.description
    }
  }

  @Test func `every type is drawn, and the same seed draws the same`() throws {
    for type in ElementType.allCases {
      let model = InputSamples.model(type, [-1, 3], max: 4)
      for floats in [RandomInputs.Floats.uniform, .normal] {
        var random = RandomInputs()
        random.floats = floats
        let set = try random.make(for: model, batchSize: 2, limits: InputLimits())
        #expect(set.sets.count == 64)
        for inputs in set.sets {
          #expect(inputs["x"]?.shape == [2, 3])
          #expect(throws: Never.self) { try inputs["x"]?.validate() }
        }
        let again = try random.make(for: model, batchSize: 2, limits: InputLimits())
        #expect(zip(set.sets, again.sets).allSatisfy { $0["x"] == $1["x"] })
        random.seed = 2
        let other = try random.make(for: model, batchSize: 2, limits: InputLimits())
        #expect(!zip(set.sets, other.sets).allSatisfy { $0["x"] == $1["x"] })
      }
    }
  }

  @Test func `numbers lie where they should`() throws {
    var random = RandomInputs()
    random.count = 1
    random.integers = -3...2
    let floats = InputSamples.model(.fp32, [-1, 10_000])
    let uniform = InputSamples.floats(
      try random.make(for: floats, batchSize: 1, limits: InputLimits()).sets[0]["x"])
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(uniform.reduce(0, +) / 10_000 - 0.5) < 0.02)
    random.floats = .normal
    let normal = InputSamples.floats(
      try random.make(for: floats, batchSize: 1, limits: InputLimits()).sets[0]["x"])
    let variance = normal.reduce(0) { $0 + $1 * $1 } / 10_000
    #expect(abs(normal.reduce(0, +) / 10_000) < 0.05 && abs(variance - 1) < 0.06)
    let integers = InputSamples.integers(
      try random.make(
        for: InputSamples.model(.int64, [-1, 1_000]), batchSize: 1, limits: InputLimits()
      ).sets[0]["x"])
    #expect(Set(integers) == [-3, -2, -1, 0, 1, 2])
    random.floats = .uniform
    for (type, one) in [(ElementType.fp16, UInt16(0x3C00)), (.bf16, 0x3F80)] {
      var bytes =
        try random.make(
          for: InputSamples.model(type, [-1, 10_000]), batchSize: 1, limits: InputLimits()
        ).sets[0]["x"]?.bytes ?? ByteBuffer()
      while let value = bytes.readInteger(endianness: .little, as: UInt16.self) {
        if value >= one { Issue.record("\(type) draws 1 or more") }
      }
    }
    random.textLength = 5
    let texts = InputSamples.texts(
      try random.make(
        for: InputSamples.model(.bytes, [-1, 100]), batchSize: 1, limits: InputLimits()
      ).sets[0]["x"])
    #expect(texts.count == 100)
    #expect(
      texts.allSatisfy { $0.utf8.count == 5 && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
  }

  @Test func `open dimensions need a size`() throws {
    let model = InputSamples.model(.fp32, [-1, -1, 4], max: 8)
    var random = RandomInputs()
    #expect(
      Self.error(random, model)
        == "input 'x' [-1,-1,4] of model 'm' has an open dimension; say its size: x:N,4")
    random.shapes = ["x": [7, 4]]
    let set = try random.make(for: model, batchSize: 3, limits: InputLimits())
    #expect(set.sets[0]["x"]?.shape == [3, 7, 4])
    random.shapes = ["x": [1, 7, 4]]
    #expect(Self.error(random, model).contains("leave the batch dimension out"))
    random.shapes = ["x": [7, 5]]
    #expect(Self.error(random, model).contains("does not fit [-1,-1,4]"))
    random.shapes = ["y": [7, 5]]
    #expect(Self.error(random, model).contains("no input of model 'm'"))
    random.shapes = [:]
    #expect(Self.error(random, InputSamples.model(.fp32, [2, -1])).contains("x:2,N"))
  }

  @Test func `optional inputs are drawn only if their shape is given`() throws {
    var random = RandomInputs()
    let plain = try random.make(for: InputSamples.model, batchSize: 1, limits: InputLimits())
    #expect(plain.sets[0].map(\.name) == ["x", "id"])
    random.shapes = ["t": [1]]
    let full = try random.make(for: InputSamples.model, batchSize: 1, limits: InputLimits())
    #expect(full.sets[0].map(\.name) == ["x", "id", "t"])
  }

  @Test func `what does not fit is refused`() {
    var random = RandomInputs()
    let model = InputSamples.model(.int8, [-1, 2], max: 8)
    random.integers = 0...128
    #expect(Self.error(random, model).contains("do not fit input 'x' of type INT8"))
    random = RandomInputs()
    #expect(Self.error(random, model, batchSize: 9).contains("at most 8"))
    #expect(Self.error(random, model, batchSize: 0).contains("at least 1"))
    random.count = 0
    #expect(Self.error(random, model).contains("at least 1"))
    random.count = 2_000_000
    #expect(Self.error(random, model).contains("draw fewer"))
    random.count = 600
    var limits = InputLimits()
    limits.bytesMax = 1_000
    #expect(Self.error(random, model, limits: limits).contains("more than 1000 bytes"))
    limits.bytesMax = 1
    #expect(Self.error(random, model, limits: limits).contains("larger than 1 bytes"))
    #expect(Self.error(random, InputSamples.model(.int8, [.max, .max])).contains("larger than"))
    random.textLength = -1
    #expect(Self.error(random, InputSamples.model(.bytes, [-1, 2])).contains("texts of -1 bytes"))
  }

  @Test func `large inputs get fewer sets`() throws {
    var limits = InputLimits()
    limits.bytesMax = 1_000
    let set = try RandomInputs().make(
      for: InputSamples.model(.int8, [-1, 300]), batchSize: 1, limits: limits)
    #expect(set.sets.count == 3)
  }

  @Test(arguments: [("x:1,2", "x", [1, 2]), ("a:b:3", "a:b", [3]), ("x:", "x", [])])
  func `shapes are read`(_ text: String, _ name: String, _ sizes: [Int]) throws {
    let shape = try RandomInputs.parseShape(text)
    #expect(shape.input == name && shape.sizes == sizes)
  }

  @Test(arguments: ["x", ":1", "x:a", "x:1,", "x:-1", "x:1,2,3,4,5,6,7,8,9"])
  func `wrong shapes are refused`(_ text: String) {
    #expect(throws: BenchInputError.self) { try RandomInputs.parseShape(text) }
  }
}
