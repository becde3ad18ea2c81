import ModelRuntimes
import NIOCore
import Tensors
import Testing

@Suite struct OnnxInstanceTests {
  @Test("rows score as the Python package scores them", arguments: [1, 2, 7, 8, 32])
  func scores(rows: Int) throws {
    let expected = try ModelFolder.perceptron()
    let instance = try ModelFolder.instance("mlp")
    let values = expected.rows.prefix(rows).flatMap { $0 }
    for _ in 0..<3 {
      let result = try instance.run([request(.floats(values, [rows, 30]))])
      #expect(result.outputs[0].shape == [rows, 1])
      #expect(result.runEnded >= result.runStarted)
      for (found, wanted) in zip(result.outputs[0].floats, expected.scores) {
        #expect(abs(found - wanted) < 1e-5)
      }
    }
  }

  @Test func `requests of different sizes are joined in their order`() throws {
    let expected = try ModelFolder.perceptron()
    let instance = try ModelFolder.instance("mlp")
    var random = SeededNumbers(seed: 11)
    // More shapes than an instance keeps plans for, in no order.
    for _ in 0..<300 {
      var requests: [[InputTensor]] = []
      var order: [Int] = []
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        let start = Int.random(in: 0..<28, using: &random)
        let count = Int.random(in: 0...4, using: &random)
        let values = expected.rows[start..<start + count].flatMap { $0 }
        requests.append(request(.floats(values, [count, 30])))
        order += start..<start + count
      }
      let output = try instance.run(requests).outputs[0]
      #expect(output.shape == [order.count, 1])
      let found = output.floats
      #expect(found.count == order.count)
      for (score, row) in zip(found, order) {
        #expect(abs(score - expected.scores[row]) < 1e-5)
      }
    }
  }

  @Test func `an answer is not touched by the next run`() throws {
    let instance = try ModelFolder.instance("pair")
    let first = try instance.run([request(.floats([1, 2], [1, 2]), .floats([3, 4], [1, 2]))])
    let copy = first.outputs
    _ = try instance.run([request(.floats([9, 9], [1, 2]), .floats([9, 8], [1, 2]))])
    #expect(first.outputs == copy)
    #expect(first.outputs[0].floats == [4, 6])
    #expect(first.outputs[1].integers == [-2, -2])
  }

  @Test("every element type passes unchanged", arguments: ElementType.allCases)
  func passes(type: ElementType) throws {
    let instance = try ModelFolder.instance("identity_" + type.wireName.lowercased())
    for rows in [1, 0, 2, 1500] {
      let shape: TensorShape = [rows, 3]
      let tensor: Tensor
      if let width = type.byteWidth {
        let bytes = (0..<rows * 3 * width).map {
          type == .bool ? UInt8($0 % 2) : UInt8(truncatingIfNeeded: $0 * 7)
        }
        tensor = Tensor(elementType: type, shape: shape, bytes: ByteBuffer(bytes: bytes))
      } else {
        let texts = (0..<rows * 3).map { [UInt8](repeating: UInt8($0 % 256), count: $0 % 40) }
        tensor = .strings(texts, shape)
      }
      let output = try instance.run([request(tensor)]).outputs[0]
      #expect(output == tensor)
      let joined = try instance.run([request(tensor), request(tensor)]).outputs[0]
      #expect(joined.shape == [rows * 2, 3])
      var twice = tensor.bytes
      twice.writeImmutableBuffer(tensor.bytes)
      #expect(joined.bytes == twice)
    }
  }

  @Test func `a truth value other than 0 and 1 counts as 1`() throws {
    let instance = try ModelFolder.instance("identity_bool")
    let odd = Tensor(
      elementType: .bool, shape: [1, 3], bytes: ByteBuffer(bytes: [0, 255, 2]))
    let output = try instance.run([request(odd)]).outputs[0]
    #expect(output.bytes == ByteBuffer(bytes: [0, 1, 1]))
  }

  @Test func `strings may hold zero bytes and any others`() throws {
    let instance = try ModelFolder.instance("identity_bytes")
    let texts: [[UInt8]] = [[0, 1, 0], [], [255, 254]]
    let output = try instance.run([request(.strings(texts, [1, 3]))]).outputs[0]
    #expect(output.strings == texts)
    let labels = try ModelFolder.instance("labels")
    let words = ["yes", "no", "maybe"].map { Array($0.utf8) }
    let found = try labels.run([request(.strings(words, [3, 1]))]).outputs[0]
    #expect(found.integers == [1, 0, -1])
  }

  @Test func `strings that are not as many as the shape says are refused`() throws {
    let instance = try ModelFolder.instance("identity_bytes")
    let few = Tensor.strings([[1]], [1, 3])
    #expect(try failure { _ = try instance.run([request(few)]) }.code == .invalidInput)
    let cut = Tensor(
      elementType: .bytes, shape: [1, 3], bytes: ByteBuffer(bytes: [9, 0, 0, 0, 1]))
    #expect(try failure { _ = try instance.run([request(cut)]) }.code == .invalidInput)
    _ = try instance.run([request(.strings([[], [], []], [1, 3]))])
  }

  @Test func `an output's shape may depend on the values`() throws {
    let instance = try ModelFolder.instance("nonzero")
    for values: [Float] in [[0, 1, 0, 2], [0, 0, 0, 0], [1, 1, 1, 1]] {
      let output = try instance.run([request(.floats(values, [1, 4]))]).outputs[0]
      let places = values.indices.filter { values[$0] != 0 }.map(Int64.init)
      #expect(output.shape == [2, places.count])
      #expect(output.integers == places.map { _ in 0 } + places)
    }
  }

  @Test func `a model that is wrong about its output's rows is believed only once`() throws {
    let instance = try ModelFolder.instance("doubled")
    for rows in [1, 2, 1, 3] {
      let values = (0..<rows * 2).map(Float.init)
      let output = try instance.run([request(.floats(values, [rows, 2]))]).outputs[0]
      #expect(output.shape == [rows * 2, 2])
      #expect(output.floats == values + values)
    }
  }

  @Test func `an output that does not follow the batch is returned as it is`() throws {
    let instance = try ModelFolder.instance("constant")
    for rows in [1, 4] {
      let values = [Float](repeating: 2, count: rows)
      let outputs = try instance.run([request(.floats(values, [rows, 1]))]).outputs
      #expect(outputs[0].floats == [Float](repeating: -2, count: rows))
      #expect(outputs[1].shape == [3])
      #expect(outputs[1].integers == [1, 2, 3])
    }
  }

  @Test func `models without a batch dimension, without names and of scalars run`() throws {
    let fixed = try ModelFolder.instance("fixed")
    let doubled = try fixed.run([request(.floats([1, 2, 3, 4, 5, 6], [2, 3]))]).outputs[0]
    #expect(doubled.floats == [2, 4, 6, 8, 10, 12])
    let nameless = try ModelFolder.instance("nameless")
    let two = [request(.floats([1, 2], [1, 2])), request(.floats([3, 4], [1, 2]))]
    let negated = try nameless.run(two)
    #expect(negated.outputs[0].floats == [-1, -2, -3, -4])
    let scalar = try ModelFolder.instance("scalar")
    let root = try scalar.run([request(.floats([9], []))]).outputs[0]
    #expect(root.shape == [])
    #expect(root.floats == [3])
    let scalars = [request(.floats([9], [])), request(.floats([4], []))]
    #expect(try failure { _ = try scalar.run(scalars) }.code == .invalidInput)
  }

  @Test func `large inputs and outputs keep their values wherever they lie`() throws {
    let upload = try ModelFolder.instance("upload")
    let expand = try ModelFolder.instance("expand")
    var held: [(Tensor, Float)] = []
    for round in 0..<20 {
      let row = (0..<8192).map { Float(($0 + round) % 13) }
      var body = ByteBuffer(repeating: 7, count: round)
      var bytes = Tensor.floats(row, [1, 8192]).bytes
      body.writeBuffer(&bytes)
      body.moveReaderIndex(forwardBy: round)
      let tensor = Tensor(elementType: .fp32, shape: [1, 8192], bytes: body)
      let total = row.reduce(0, +)
      #expect(try upload.run([request(tensor)]).outputs[0].floats == [total])
      let both = try upload.run([request(tensor), request(.floats(row + row, [2, 8192]))])
      #expect(both.outputs[0].floats == [total, total, total])
      let wide = try expand.run([request(.floats([total], [1, 1]))]).outputs[0]
      #expect(wide.shape == [1, 4096])
      held.append((wide, total))
    }
    for (tensor, total) in held {
      #expect(tensor.floats == [Float](repeating: total, count: 4096))
    }
  }

  @Test func `dimensions besides the batch may vary from run to run`() throws {
    let instance = try ModelFolder.instance("recurrent")
    for steps in [1, 50, 3, 200, 0, 50] {
      let values = (0..<steps * 2).map(Float.init)
      let output = try instance.run([request(.floats(values, [2, steps]))]).outputs[0]
      #expect(output.shape == [2, steps])
      #expect(output.floats == values)
    }
  }

  @Test func `two instances of a model run beside each other`() async throws {
    let model = try ModelFolder.load("mlp")
    let expected = try ModelFolder.perceptron()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for offset in 0..<4 {
        group.addTask {
          let instance = try model.makeInstance()
          var right = true
          for round in 0..<500 {
            let row = (round + offset) % 32
            let result = try instance.run([request(.floats(expected.rows[row], [1, 30]))])
            right = right && abs(result.outputs[0].floats[0] - expected.scores[row]) < 1e-5
          }
          return right
        }
      }
      for try await right in group { #expect(right) }
    }
  }
}
