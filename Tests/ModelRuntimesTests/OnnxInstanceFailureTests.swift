import ModelRuntimes
import NIOCore
import Tensors
import Testing

@Suite struct OnnxInstanceFailureTests {
  @Test func `a run that fails says why and leaves the instance usable`() throws {
    let instance = try ModelFolder.instance("picky")
    for _ in 0..<3 {
      let found = try failure { _ = try instance.run([request(.integers([99], [1]))]) }
      #expect(found.code == .invalidInput || found.code == .runFailed)
      #expect(found.message.contains("99"))
      #expect(!found.message.contains("\n"))
      #expect(try instance.run([request(.integers([2, 3], [2]))]).outputs[0].floats == [2, 3])
    }
  }

  @Test func `no requests, no inputs and inputs out of order are refused`() throws {
    let instance = try ModelFolder.instance("pair")
    let a = Tensor.floats([1, 2], [1, 2])
    #expect(try failure { _ = try instance.run([]) }.code == .invalidInput)
    #expect(try failure { _ = try instance.run([[]]) }.code == .invalidInput)
    #expect(try failure { _ = try instance.run([request(a)]) }.code == .invalidInput)
    let wrong: [[Int]] = [[1, 0], [0, 0], [0, 2], [-1, 0]]
    for indexes in wrong {
      let inputs = indexes.map { InputTensor(index: $0, tensor: a) }
      #expect(try failure { _ = try instance.run([inputs]) }.code == .invalidInput)
    }
    #expect(try instance.run([request(a, a)]).outputs[0].floats == [2, 4])
  }

  @Test func `tensors of another type, rank or size are refused`() throws {
    let instance = try ModelFolder.instance("mlp")
    let row = [Float](repeating: 0, count: 30)
    var wrong: [Tensor] = [
      .integers([Int64](repeating: 0, count: 30), [1, 30]),
      .floats(row, [30]),
      .floats(row, [1, 1, 30]),
      .floats(row + [1], [1, 31]),
      .floats(row, [2, 30]),
      .floats(row + row, [1, 30]),
      .floats([], [1, 30]),
      .floats([], []),
    ]
    if let huge = TensorShape([Int.max, 30]) { wrong.append(.floats([], huge)) }
    if let wide = TensorShape([0, Int.max]) { wrong.append(.floats([], wide)) }
    if let large = TensorShape([1 << 31, 30]) { wrong.append(.floats([], large)) }
    for tensor in wrong {
      let found = try failure { _ = try instance.run([request(tensor)]) }
      #expect(found.code == .invalidInput, "\(tensor.shape): \(found)")
    }
    #expect(try instance.run([request(.floats(row, [1, 30]))]).outputs[0].shape == [1, 1])
  }

  @Test func `requests that cannot share a batch are refused`() throws {
    let pair = try ModelFolder.instance("pair")
    let a = Tensor.floats([1, 2], [1, 2])
    let wide = Tensor.floats([1, 2, 3], [1, 3])
    #expect(try failure { _ = try pair.run([request(a, a), request(a)]) }.code == .invalidInput)
    #expect(
      try failure { _ = try pair.run([request(a, a), request(a, wide)]) }.code == .invalidInput)
    let other = [InputTensor(index: 0, tensor: a), InputTensor(index: 0, tensor: a)]
    #expect(try failure { _ = try pair.run([request(a, a), other]) }.code == .invalidInput)
    let integers = Tensor.integers([1, 2], [1, 2])
    #expect(
      try failure { _ = try pair.run([request(a, a), request(a, integers)]) }.code
        == .invalidInput)
    let endless = TensorShape([Int.max, 2]).map { Tensor.floats([], $0) }
    if let endless {
      #expect(
        try failure { _ = try pair.run([request(endless, endless), request(a, a)]) }.code
          == .invalidInput)
    }
    #expect(try pair.run([request(a, a)]).outputs[0].floats == [2, 4])
  }

  @Test func `a request short of bytes does not harm those after it`() throws {
    let instance = try ModelFolder.instance("mlp")
    let expected = try ModelFolder.perceptron()
    let good = request(.floats(expected.rows[0], [1, 30]))
    let short = request(.floats([1], [1, 30]))
    #expect(try failure { _ = try instance.run([good, short, good]) }.code == .invalidInput)
    let scores = try instance.run([good, good, good]).outputs[0].floats
    for score in scores { #expect(abs(score - expected.scores[0]) < 1e-5) }
  }
}
