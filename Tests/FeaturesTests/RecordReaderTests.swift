import Rules
import Testing

@testable import Features

@Suite struct RecordReaderTests {
  private let schema = RecordSchema(
    fields: [
      RecordField("card", .string), RecordField("shop", .int, isNullable: true),
      RecordField("country", .string), RecordField("amount", .double),
      RecordField("bad", .bool, isNullable: true),
    ], timeName: "at", timeUnit: .milliseconds, idName: "id")

  /// What came of an input: a line for each record or problem.
  private func read(
    _ format: RecordFormat, _ text: String, chunk: Int = 1 << 18
  ) -> [String] {
    var reader = RecordReader(
      format, schema, name: "in", source: FeatureFixture.source(text, chunk: chunk))
    var record = EventRecord(schema)
    var lines: [String] = []
    while lines.count < 10_000 {
      do throws(RecordProblem) {
        guard try reader.next(into: &record) else { break }
        lines.append(describe(record))
      } catch {
        lines.append(error.description)
        if error.isFinal { break }
      }
    }
    return lines
  }

  private func describe(_ record: EventRecord) -> String {
    var parts = [String(decoding: record.text[record.idPlace.range], as: UTF8.self)]
    parts.append("\(record.time)")
    for field in schema.fields.indices.dropLast() where record.has(field) {
      parts.append(
        record.isText(field)
          ? String(decoding: record.text[record.places[field].range], as: UTF8.self)
          : "\(field)=\(record.number(field))")
    }
    return parts.joined(separator: "|")
  }

  @Test func `CSV as RFC 4180 writes it`() {
    let text =
      "\u{FEFF}card,id,more,at,shop,country,amount,bad\r\n"
      + "\"a,b\",1,,1000,,\"D\"\"E\",1.5,\r\n"
      + "c,2,x,\"2000\",-7,\"li\nne\",-2e3,true\n"
      + "\n"
      + "\"\",3,x,3000,0,é,0,0"
    let expected = [
      "1|1000000000|a,b|D\"E|3=1.5",
      "2|2000000000|c|1=-7.0|li\nne|3=-2000.0|4=1.0",
      "3|3000000000||1=0.0|é|3=0.0|4=0.0",
    ]
    #expect(read(.csv, text) == expected)
    for chunk in 1...7 { #expect(read(.csv, text, chunk: chunk) == expected) }
  }

  @Test func `NDJSON with unknown members, escapes and spaces`() {
    let text =
      #"{"id":"1","at":1000,"card":"a,b","country":"D\"E","amount":1.5}"# + "\r\n"
      + #" { "x" : [1,{"y":"}"},null] , "at" : 2000.0, "id" : 22, "card" : "\u00e9\ud83d\ude00\n","#
      + #" "country" : "", "amount" : -2e3, "bad" : false, "shop":null } "# + "\n\n"
    let expected = [
      "1|1000000000|a,b|D\"E|3=1.5",
      "22|2000000000|é😀\n||3=-2000.0|4=0.0",
    ]
    #expect(read(.ndjson, text) == expected)
    for chunk in 1...7 { #expect(read(.ndjson, text, chunk: chunk) == expected) }
  }

  @Test(arguments: [
    ("in:2:8: 'card' is '': a value is required", "1,1000,,1,DE,1,"),
    ("in:2:3: 'at' is 'noon': expected the milliseconds since 1970", "1,noon,c,1,DE,1,"),
    ("in:2:10: 'shop' is '1.5': expected a whole number", "1,1000,c,1.5,DE,1,"),
    ("in:2:15: 'amount' is 'nan': expected a finite number", "1,1000,c,1,DE,nan,"),
    ("in:2:15: 'amount' is '1e999': expected a finite number", "1,1000,c,1,DE,1e999,"),
    ("in:2:17: 'bad' is 'yes': expected true or false", "1,1000,c,1,DE,1,yes"),
    ("in:2:1: the record has 3 cells, the header 7", "1,1000,c"),
    ("in:2:9: a quote out of place", "1,1000,c\"d,1,DE,1,"),
    ("in:2:11: a quote out of place", "1,1000,\"c\"d,1,DE,1,"),
    ("in:3:9: 'amount' is 'x': expected", "1,1000,\"c\nd\",1,DE,x,"),
  ])
  func `a bad record of CSV is placed, and reading goes on`(
    problem: String, line: String
  ) {
    let good = "2,2000,c,1,DE,2,"
    let lines = read(.csv, "id,at,card,shop,country,amount,bad\n\(line)\n\(good)\n")
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix(problem) == true, "\(lines)")
    #expect(lines.last == "2|2000000000|c|1=1.0|DE|3=2.0")
  }

  @Test(arguments: [
    ("[]", "in:1:1: expected an object"),
    (#"{"id":true}"#, "in:1:7: 'id' is 'true': expected a string or a number"),
    (#"{"id":""}"#, "in:1:8: 'id' is '': a value is required"),
    (#"{"id":"1"}"#, "in:1:1: 'at' is missing"),
    (
      #"{"id":"1","at":1,"card":7,"country":"","amount":1}"#,
      "in:1:25: 'card' is '7': expected a string"
    ),
    (
      #"{"id":"1","at":1,"card":"","country":"","amount":"1"}"#,
      "in:1:51: 'amount' is '1': expected"
    ),
    (#"{"id":"1","at":1,"card":"","country":"","amount":01}"#, "in:1:50: expected a value"),
    (
      #"{"id":"1","at":1,"card":"","country":"","amount":1,"amount":1}"#,
      "in:1:52: 'amount' is given twice"
    ),
    (
      #"{"id":"1","at":1,"card":{},"country":"","amount":1}"#,
      "in:1:25: 'card' is declared to be one value"
    ),
    (#"{"id":"1","at":null,"card":"","country":"","amount":1}"#, "in:1:16: 'at' is null"),
    (#"{"id":"1","at":1,"card":"\x","country":"","amount":1}"#, "in:1:26: an escape"),
    (#"{"id":"1","at":1,"card":"\ud800","country":"","amount":1}"#, "in:1:"),
    (#"{"id":"1","at":1,"card":"a"#, "in:1:26: the string has no end"),
    (#"{"id":"1","at":1,"card":"","country":"","amount":1} x"#, "in:1:53: text after the object"),
    (
      #"{"id":"1","at":1,"card":"","country":"","amount":1,}"#,
      "in:1:52: expected a string in quotes"
    ),
  ])
  func `a bad line of NDJSON is placed, and reading goes on`(line: String, problem: String) {
    let good = #"{"id":"2","at":2000,"card":"c","country":"DE","amount":2}"#
    let lines = read(.ndjson, line + "\n" + good + "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix(problem) == true, "\(lines)")
    #expect(lines.last == "2|2000000000|c|DE|3=2.0")
  }

  @Test func `a header without a required column, or with one twice, ends the input`() {
    let missing = read(.csv, "id,at,card,contry,amount\n1,1,c,DE,1\n")
    #expect(missing == ["in:1:1: the header has no column 'country'; did you mean 'contry'?"])
    let twice = read(.csv, "id,at,card,country,amount,card\n")
    #expect(twice == ["in:1:27: the header names 'card' twice"])
  }

  @Test func `a record beyond the bound is passed over`() {
    let long = String(repeating: "x", count: 3 << 20)
    let csv = "id,at,card,shop,country,amount,bad\n1,1,\(long),1,DE,1,\n2,2000,c,1,DE,2,\n"
    for chunk in [1 << 18, 1 << 16] {
      let lines = read(.csv, csv, chunk: chunk)
      #expect(lines.count == 2 && lines.first?.contains("longer than") == true)
      #expect(lines.last == "2|2000000000|c|1=1.0|DE|3=2.0")
    }
    let quoted = read(
      .csv,
      "id,at,card,shop,country,amount,bad\n1,1,\"\(long),1,DE,1,\n2,2000,c,1,DE,2,\n")
    #expect(quoted.last == "2|2000000000|c|1=1.0|DE|3=2.0")
    let json =
      #"{"id":"\#(long)"}"# + "\n"
      + #"{"id":"2","at":2000,"card":"c","country":"DE","amount":2}"# + "\n"
    let lines = read(.ndjson, json)
    #expect(lines.count == 2 && lines.first?.contains("longer than") == true)
    #expect(lines.last == "2|2000000000|c|DE|3=2.0")
  }

  @Test func `an input that fails says so`() {
    struct Broken: Error {}
    var reader = RecordReader(.csv, schema, name: "in") { _ in throw Broken() }
    var record = EventRecord(schema)
    #expect(throws: RecordProblem.self) { try reader.next(into: &record) }
  }

  @Test func `broken inputs never trap, in whatever pieces they come`() {
    let seed: UInt64 = 41
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let payments = Payment.random(6, using: &random)
    let inputs: [(RecordFormat, String)] = [
      (.csv, Payment.header + payments.map(\.csv).joined()),
      (.ndjson, payments.map(\.json).joined()),
    ]
    let spice = Array("\"\\{}[],:\n\r\tu0e-+.é".utf8) + [0, 0xFF, 0xC3]
    for round in 0..<3_000 {
      let (format, text) = inputs[round & 1]
      var bytes = Array(text.utf8)
      for _ in 0...Int.random(in: 0...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: bytes[place] = spice[Int.random(in: 0..<spice.count, using: &random)]
        case 1: bytes.insert(spice[Int.random(in: 0..<spice.count, using: &random)], at: place)
        default: bytes.remove(at: place)
        }
      }
      let broken = String(decoding: bytes, as: UTF8.self)
      let whole = read(format, broken)
      let pieces = read(format, broken, chunk: Int.random(in: 1...40, using: &random))
      #expect(whole == pieces, "round \(round)")
    }
  }
}
