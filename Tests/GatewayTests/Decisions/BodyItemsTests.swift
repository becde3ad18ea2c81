import Foundation
import NIOCore
import Testing

@testable import Gateway

/// Finding the values of a body.
@Suite struct BodyItemsTests {
  private static func items(
    _ text: String, _ form: BodyItems.Form, max: Int = 1_000
  ) throws -> [(line: Int, text: String)] {
    var items = BodyItems(ByteBuffer(string: text), form, itemsMax: max, depthMax: 64)
    while !items.isScanned { try items.scan() }
    var result: [(Int, String)] = []
    while let item = items.popNext() {
      result.append((Int(item.line), String(buffer: items.bytes(of: item))))
    }
    #expect(items.isDone)
    return result
  }

  @Test func `the form is told by the first byte and the media type`() {
    #expect(BodyItems.Form(ByteBuffer(string: " \n[1]"), hasLines: false) == .array)
    #expect(BodyItems.Form(ByteBuffer(string: "{}"), hasLines: false) == .one)
    #expect(BodyItems.Form(ByteBuffer(), hasLines: false) == .one)
    #expect(BodyItems.Form(ByteBuffer(string: "[1]"), hasLines: true) == .lines)
  }

  @Test func `lines are found with their numbers`() throws {
    let found = try Self.items("a\n\n \r\n  b \r\nc", .lines)
    #expect(found.map(\.text) == ["a", "b", "c"])
    #expect(found.map(\.line) == [1, 4, 5])
  }

  @Test func `elements are found with their places`() throws {
    let found = try Self.items(" [ {\"a\" : [1 ,\n2]} , \"x,]\", 3] \n", .array)
    #expect(found.map(\.text) == ["{\"a\" : [1 ,\n2]}", "\"x,]\"", "3"])
    #expect(found.map(\.line) == [1, 2, 3])
  }

  @Test(arguments: ["[1,]", "[1 2]", "[1", "[1]]", "[", "[{]", "[nul]"])
  func `an array that is none is an error`(_ text: String) {
    #expect(throws: JSONError.self) { try Self.items(text, .array) }
  }

  @Test func `the number of values is bounded`() throws {
    #expect(try Self.items("[1,2,3]", .array, max: 3).count == 3)
    #expect(throws: BodyItems.TooMany.self) { try Self.items("[1,2,3,4]", .array, max: 3) }
    #expect(throws: BodyItems.TooMany.self) { try Self.items("1\n2\n3\n4", .lines, max: 3) }
  }

  @Test(arguments: [UInt64(20_260_521), 7, 99])
  func `random bodies give what was put into them`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let count = Int.random(in: 0..<40, using: &random)
      let values = (0..<count).map { _ in Self.value(0, &random) }
      let spaces = ["", " ", "\n", "\t \r\n"]
      let array =
        "["
        + values.map { value in
          (spaces.randomElement(using: &random) ?? "") + value
            + (spaces.randomElement(using: &random) ?? "")
        }.joined(separator: ",") + "]"
      #expect(try Self.items(array, .array).map(\.text) == values, "seed \(seed)")
      let lines = values.joined(separator: "\n")
      #expect(try Self.items(lines, .lines).map(\.text) == values, "seed \(seed)")
    }
  }

  private static func value(_ depth: Int, _ random: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<(depth > 3 ? 4 : 6), using: &random) {
    case 0: return "\(Int.random(in: -9_999...9_999, using: &random))"
    case 1: return #""a\"b,]}""#
    case 2: return "null"
    case 3: return "\"\u{e9}\u{1F600}\""
    case 4:
      let inner = (0..<Int.random(in: 0..<3, using: &random)).map { _ in value(depth + 1, &random) }
      return "[\(inner.joined(separator: ","))]"
    default: return "{\"k\":\(value(depth + 1, &random))}"
    }
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `bytes of any kind are found or refused, never more`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("[]{},:\"\\ntf0e-. \n\u{e9}".utf8)
    for _ in 0..<3_000 {
      let bytes = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      var items = BodyItems(
        ByteBuffer(bytes: [0x5B] + bytes), .array, itemsMax: 50, depthMax: 64)
      do { while !items.isScanned { try items.scan() } } catch { continue }
      let isJSON =
        (try? JSONSerialization.jsonObject(with: Data([0x5B] + bytes))) is [Any]
      #expect(isJSON, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
    }
  }
}
