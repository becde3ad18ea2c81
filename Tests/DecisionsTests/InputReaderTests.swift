import Testing

@testable import Decisions
@testable import Records

@Suite struct InputReaderTests {
  private func read(_ json: String) throws -> DecisionInput {
    let schema = try SamplePipeline.make().inputs
    return try InputReader.read(Array(json.utf8), schema)
  }

  private func problems(_ json: String) throws -> String {
    do {
      _ = try read(json)
      return ""
    } catch let error as InputProblems {
      return error.description
    }
  }

  @Test func `values are typed and escapes are characters`() throws {
    let input = try read(
      #" { "id" : "a\"\u00e9\ud83d\ude00\n" , "amount" : 1.25e2, "weight": null, "#
        + #""country":"DE" } "#)
    #expect(input.string(0) == "a\"é😀\n" && input.double(1) == 125)
    #expect(!input.has(4) && input.string(2) == "DE")
  }

  @Test(arguments: [
    ("{}", "amount: is missing"),
    (#"{"amount": -1}"#, "amount: -1.0 is below the least, 0.0"),
    (#"{"amount": 1001}"#, "above the most, 1000.0"),
    (#"{"amount": 1e999}"#, "no finite number"),
    (#"{"amount": true}"#, "amount: is true; expected double"),
    (#"{"amount": [1]}"#, "holds several values"),
    (#"{"amount": 1, "amount": 2}"#, "is given twice"),
    (#"{"amount": 1, "country": "XX"}"#, "'XX' is not allowed; use one of DE, FR"),
    (#"{"amount": 1, "amuont": 1}"#, "amuont: is no field; did you mean 'amount'?"),
    (#"{"amount": 01}"#, "byte 11: expected a value"),
    (#"{"amount": 1} x"#, "byte 14: text after the object"),
    (#"{"amount": NaN}"#, "expected a value"),
    (#"{"id": "\x", "amount": 1}"#, "an escape that JSON does not have"),
    ("[1]", "expected an object"), ("", "expected an object"),
    (#"{"amount": 1, "u": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["#, "more than 32 levels"),
  ])
  func `what is wrong is told`(_ json: String, _ expected: String) throws {
    let found = try problems(json)
    #expect(found.contains(expected), "\(found)")
  }

  @Test func `an id that records cannot take is refused`() throws {
    #expect(InputSchema.idBytesMax == DecisionRecord.textBytesMaximum)
    var schema = try SamplePipeline.make().inputs
    schema.fields[0].lengthMax = 65_536
    let long = String(repeating: "é", count: InputSchema.idBytesMax / 2)
    for (id, expected) in [
      ("a", ""), (long, ""), ("", "id: is empty"), (#"a\u0000"#, "id: holds a zero byte"),
      (long + "x", "id: has 1025 bytes; the most of an id is 1024"),
    ] {
      let json = Array(#"{"id": "\#(id)", "amount": 1}"#.utf8)
      do throws(InputProblems) {
        _ = try InputReader.read(json, schema)
        #expect(expected.isEmpty)
      } catch {
        #expect(!expected.isEmpty && error.description.hasPrefix(expected), "\(error)")
        #expect(error.problems.map(\.field) == ["id"])
      }
    }
  }

  @Test func `bytes that are not UTF-8 are refused`() throws {
    let schema = try SamplePipeline.make().inputs
    let bytes = Array(#"{"id": ""#.utf8) + [0xC3, 0x28] + Array(#"", "amount": 1}"#.utf8)
    #expect(throws: InputProblems.self) { try InputReader.read(bytes, schema) }
  }

  @Test func `any bytes are a request or problems, never a trap`() throws {
    let schema = try SamplePipeline.make().inputs
    var random = Seeded(99)
    let text = Array(#"{"id": "a\u00e9b", "amount": 12.5e-3, "country": "DE", "x": [1, {}]}"#.utf8)
    for _ in 0..<5_000 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(place...)
        default: bytes.insert(.random(in: 0...255, using: &random), at: place)
        }
        if bytes.isEmpty { break }
      }
      do throws(InputProblems) {
        let input = try InputReader.read(bytes, schema)
        #expect(input.has(1))
      } catch {
        #expect(!error.problems.isEmpty)
      }
    }
  }

  @Test func `numbers are those that Swift reads`() {
    var random = Seeded(5)
    for _ in 0..<20_000 {
      let digits = Int.random(in: 1...18, using: &random)
      var text = Bool.random(using: &random) ? "-" : ""
      for _ in 0..<digits { text += String(Int.random(in: 0...9, using: &random)) }
      if Bool.random(using: &random) {
        text += "." + String(Int.random(in: 0...99_999, using: &random))
      }
      let bytes = Array(text.utf8)
      #expect(NumberBytes.double(bytes, 0..<bytes.count) == Double(text), "\(text)")
      #expect(NumberBytes.integer(bytes, 0..<bytes.count) == Int64(text), "\(text)")
    }
  }
}
