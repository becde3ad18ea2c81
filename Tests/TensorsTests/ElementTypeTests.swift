import Tensors
import Testing

@Suite struct ElementTypeTests {
  @Test func `every element type is read back from its wire name`() {
    for type in ElementType.allCases {
      #expect(ElementType(wireName: type.wireName) == type)
      let bytes = Array(type.wireName.utf8)
      #expect(ElementType(wireName: bytes.span) == type)
    }
  }

  @Test(
    "another name is no element type",
    arguments: ["", "fp32", "FP33", "FP", "UINT128", "BOOLS"]
  )
  func rejects(name: String) {
    #expect(ElementType(wireName: name) == nil)
    let bytes = Array(name.utf8)
    #expect(ElementType(wireName: bytes.span) == nil)
  }

  @Test func `a name that differs in one byte is no element type`() {
    for type in ElementType.allCases {
      for index in type.wireName.utf8.indices {
        var bytes = Array(type.wireName.utf8)
        let position = type.wireName.utf8.distance(
          from: type.wireName.utf8.startIndex, to: index)
        bytes[position] = UInt8(ascii: "~")
        #expect(ElementType(wireName: bytes.span) == nil)
      }
    }
  }

  @Test func `only strings have no width`() {
    for type in ElementType.allCases {
      #expect((type.byteWidth == nil) == (type == .bytes))
    }
    #expect(ElementType.bf16.byteWidth == 2)
    #expect(ElementType.bool.byteWidth == 1)
    #expect(ElementType.fp64.byteWidth == 8)
  }

  @Test func `a configuration calls strings strings and the rest by their wire names`() {
    #expect(ElementType.bytes.configurationName == "TYPE_STRING")
    #expect(ElementType.fp32.configurationName == "TYPE_FP32")
  }
}
