import Tensors
import Testing

@Suite struct TensorShapeTests {
  @Test func `a shape without dimensions is a scalar of one element`() {
    #expect(TensorShape().rank == 0)
    #expect(TensorShape().elementCount == 1)
    #expect(TensorShape().description == "[]")
  }

  @Test func `a shape holds up to eight dimensions`() {
    #expect(TensorShape([Int](repeating: 1, count: 8))?.rank == 8)
    #expect(TensorShape([Int](repeating: 1, count: 9)) == nil)
    var full: TensorShape = [1, 2, 3, 4, 5, 6, 7, 8]
    let before = full
    let appended = full.append(1)
    #expect(!appended)
    #expect(full == before)
    #expect(full.prepending(1) == nil)
  }

  @Test func `a negative dimension is refused`() {
    #expect(TensorShape([1, -1]) == nil)
    var shape: TensorShape = [1]
    let appended = shape.append(-1)
    #expect(!appended)
    #expect(shape == [1])
  }

  @Test func `a product that overflows has no element count`() {
    #expect(TensorShape([Int.max, 2])?.elementCount == nil)
    #expect(TensorShape([1 << 31, 1 << 31])?.elementCount == 1 << 62)
    #expect(TensorShape([0, 5])?.elementCount == 0)
  }

  @Test func `the first dimension can be replaced and put before`() {
    let shape: TensorShape = [2, 3]
    #expect(shape.withFirst(7) == [7, 3])
    #expect(shape.prepending(4) == [4, 2, 3])
    #expect(shape.values == [2, 3])
    #expect(shape.description == "[2,3]")
  }

  @Test func `rows can share a batch if the other dimensions agree`() {
    let shape: TensorShape = [2, 3]
    #expect(shape.hasSameRow(as: [9, 3]))
    #expect(!shape.hasSameRow(as: [2, 4]))
    #expect(!shape.hasSameRow(as: [2, 3, 1]))
    #expect(!shape.hasSameRow(as: [2]))
    #expect(TensorShape().hasSameRow(as: TensorShape()))
  }

  @Test func `equal shapes hash alike whatever was beyond their rank`() {
    var a: TensorShape = [1, 2]
    a[0] = 3
    #expect(a == [3, 2])
    #expect(a.hashValue == TensorShape([3, 2])?.hashValue)
    #expect(a != [3, 2, 0])
  }

  @Test func `a spec accepts shapes that agree with its fixed dimensions`() {
    let spec = TensorSpec(name: "x", elementType: .fp32, dimensions: [-1, 3])
    #expect(spec.accepts([1, 3]))
    #expect(spec.accepts([0, 3]))
    #expect(!spec.accepts([1, 4]))
    #expect(!spec.accepts([3]))
  }
}
