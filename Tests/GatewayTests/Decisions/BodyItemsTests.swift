import Foundation
import NIOCore
import Testing

@testable import Gateway

/// Finding the values of a body.
@Suite struct BodyItemsTests {
  private static func items(
    _ text: String, _ form: BodyItems.Form, max: Int = 1_000, valueBytesMax: Int = 1 << 20
  ) throws -> [(line: Int, text: String)] {
    var items = BodyItems(
      ByteBuffer(string: text), form, itemsMax: max, valueBytesMax: valueBytesMax, depthMax: 64)
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

  /// Bodies with parts that take many turns, and what is in them.
  static let longBodies: [(form: BodyItems.Form, text: String, values: [String])] = {
    let long = String(repeating: "x", count: 700 << 10)
    let space = String(repeating: " ", count: 700 << 10)
    return [
      (.lines, "a\n  \(long) \nb", ["a", long, "b"]),
      (.lines, "a\n\(space)\nb", ["a", "b"]),
      (.lines, "a\(space)\n\(space)b", ["a", "b"]),
      (.array, "[1,\"\(long)]\\\"\",{\"a\":[\"\(long)\"]}, 2]", [
        "1", "\"\(long)]\\\"\"", "{\"a\":[\"\(long)\"]}", "2",
      ]),
      (.array, "[\(space)1\(space),\(space)2\(space)]\(space)", ["1", "2"]),
      (.array, "[[\(space)],3]", ["[\(space)]", "3"]),
    ]
  }()

  @Test(arguments: longBodies.indices)
  func `no turn looks through more than its bytes and one value`(_ index: Int) throws {
    let (form, text, values) = Self.longBodies[index]
    var items = BodyItems(
      ByteBuffer(string: text), form, itemsMax: 10, valueBytesMax: 1 << 10, depthMax: 64)
    var turns = 0
    while !items.isScanned {
      try items.scan()
      turns += 1
    }
    #expect(turns >= text.utf8.count / (BodyTurns.sliceBytes + 1 << 10))
    var found: [String] = []
    while let item = items.popNext() { found.append(String(buffer: items.bytes(of: item))) }
    #expect(found == values)
  }

  @Test(arguments: ["[\"aaaaaaaa", "[[1,2,3,4,5", "[\"\\x\",1]", "[01,2]", "[\"aaaaaaaa\" 1]"])
  func `an array of long values that is none is an error`(_ text: String) {
    #expect(throws: JSONError.self) { try Self.items(text, .array, valueBytesMax: 5) }
  }

  @Test func `a turn has room for so many values, for so many bytes, and always for one`() {
    var many = TurnBudget()
    var count = 0
    while many.hasRoom {
      many.spend(bytes: 1)
      count += 1
    }
    #expect(count == BodyTurns.slice)
    var large = TurnBudget()
    #expect(large.hasRoom)
    large.spend(bytes: BodyTurns.sliceBytes)
    #expect(!large.hasRoom)
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
      let most = Int.random(in: 1..<30, using: &random)
      let found = try Self.items(array, .array, valueBytesMax: most)
      #expect(found.map(\.text) == values, "seed \(seed), \(most) bytes")
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
        ByteBuffer(bytes: [0x5B] + bytes), .array, itemsMax: 50, valueBytesMax: 1 << 20,
        depthMax: 64)
      do { while !items.isScanned { try items.scan() } } catch { continue }
      let isJSON =
        (try? JSONSerialization.jsonObject(with: Data([0x5B] + bytes))) is [Any]
      #expect(isJSON, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
    }
  }
}
