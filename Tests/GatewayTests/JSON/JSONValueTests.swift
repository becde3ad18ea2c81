import Foundation
import Gateway
import Testing

@Suite struct JSONValueTests {
  private static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    try JSONValue.parse(bytes.span, depthMax: 64)
  }

  private static let documents = [
    #"{"id":"1","inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2.5,-3e4]}]}"#,
    #"{"a":[true,false,null,"é\u00e9\uD83D\uDE00\n\\\/"],"b":{"c":{}},"d":[],"e":-0.0}"#,
    #" [ 1 , [ [ ] ] , { "k" : "v" , "k" : 2 } ] "#,
  ]

  @Test func `a document reads as its values`() throws {
    let value = try Self.parse(Array(Self.documents[1].utf8))
    #expect(value["a"] == .array([.bool(true), .bool(false), .null, .text("éé😀\n\\/")]))
    #expect(value["b"]?["c"] == .object([]))
    #expect(value["e"] == .number(-0.0))
    #expect(value["f"] == nil)
  }

  @Test func `a million brackets are refused at once`() {
    for bracket in ["[", "{\"a\":"] {
      let bytes = Array(String(repeating: bracket, count: 1_000_000).utf8)
      #expect(throws: JSONError.self) { try Self.parse(bytes) }
    }
  }

  @Test func `a document of a hundred thousand values is refused`() {
    let bytes = Array("[\(String(repeating: "0,", count: 100_000))0]".utf8)
    #expect(throws: JSONError.self) { try Self.parse(bytes) }
  }

  @Test func `every truncation is refused`() {
    for document in Self.documents.prefix(2) {
      let bytes = Array(document.utf8)
      for count in 0..<bytes.count {
        #expect(throws: JSONError.self) { try Self.parse(Array(bytes[..<count])) }
      }
    }
  }

  @Test func `mutations are accepted exactly where Foundation accepts them`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("{}[]\",:\\u0019eE+-. \n\ttruefalsn".utf8) + [0, 31, 127, 192, 226, 255]
    for _ in 0..<20_000 {
      var bytes = Array(Self.documents[Int.random(in: 0..<3, using: &random)].utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = byte
        case 1: bytes.insert(byte, at: place)
        default: bytes.remove(at: place)
        }
      }
      let ours = (try? Self.parse(bytes)) != nil
      let text = String(decoding: bytes, as: UTF8.self)
      let theirs =
        String(validating: bytes, as: UTF8.self) != nil
        && (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
      // Foundation alone lets a list end with a comma.
      let endsWithComma = text.contains(/,\s*[\]}]/)
      if ours != theirs, !(theirs && endsWithComma) {
        let who = ours ? "we" : "Foundation"
        Issue.record("\(who) alone accept \(text.debugDescription), seed \(seed)")
      }
    }
  }
}
