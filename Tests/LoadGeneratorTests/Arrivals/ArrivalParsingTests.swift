import Foundation
import Testing

@testable import LoadGenerator

@Suite struct ArrivalParsingTests {
  private func message(_ text: String, rate: Double? = nil) -> String {
    do {
      _ = try ArrivalProcess(parsing: text, rate: rate)
      return "accepted"
    } catch {
      return error.description
    }
  }

  private func read(
    _ text: String, _ form: TraceText.Form = .instants, arrivalsMax: Int = 1000
  ) throws(BenchInputError) -> (offsets: [Int64], period: Int64?) {
    var trace = TraceText(form, name: "log.csv", arrivalsMax: arrivalsMax)
    try trace.feed(text.utf8)
    return try trace.finish()
  }

  private func readMessage(
    _ text: String, _ form: TraceText.Form = .instants, arrivalsMax: Int = 1000
  ) -> String {
    do {
      return "\(try read(text, form, arrivalsMax: arrivalsMax).offsets)"
    } catch {
      return error.description
    }
  }

  @Test func `the processes are read with their settings`() throws {
    #expect(try ArrivalProcess(parsing: "poisson", rate: 100) == .poisson(rate: 100))
    #expect(try ArrivalProcess(parsing: " constant ", rate: 0.5) == .constant(rate: 0.5))
    #expect(
      try ArrivalProcess(parsing: "bursts:base=100,peak=2000,on=1s,off=4s", rate: nil)
        == .bursts(base: 100, peak: 2000, onSeconds: 1, offSeconds: 4))
    #expect(
      try ArrivalProcess(parsing: "ramp: over=500ms, to=5000, from=0", rate: nil)
        == .ramp(from: 0, to: 5000, seconds: 0.5))
  }

  @Test func `mean rates are those of the long run`() {
    #expect(ArrivalProcess.constant(rate: 5).meanRate == 5)
    #expect(ArrivalProcess.poisson(rate: 5).meanRate == 5)
    #expect(
      ArrivalProcess.bursts(base: 100, peak: 2000, onSeconds: 1, offSeconds: 3).meanRate == 575)
    #expect(ArrivalProcess.bursts(base: 1, peak: 1, onSeconds: 0, offSeconds: 0).meanRate == 0)
    #expect(ArrivalProcess.ramp(from: 10, to: 30, seconds: 5).meanRate == 20)
    let offsets: [Int64] = [0, 1_000_000_000, 2_000_000_000]
    #expect(
      ArrivalProcess.trace(offsets: offsets, periodNanoseconds: nil, speed: 2).meanRate == 2)
    #expect(
      ArrivalProcess.trace(offsets: offsets, periodNanoseconds: 6_000_000_000, speed: 1).meanRate
        == 0.5)
    #expect(ArrivalProcess.trace(offsets: [0], periodNanoseconds: nil, speed: 1).meanRate == 0)
  }

  @Test(arguments: [
    ("", "not known"), ("uniform", "write constant, poisson"), ("poisson", "need a rate"),
    ("poisson:5", "takes nothing after it"), ("bursts", "incomplete"),
    ("bursts:base=1,peak=2,on=1s", "off is missing"),
    ("bursts:base=1,peak=2,on=1s,off=1s,base=3", "base is there twice"),
    ("bursts:base=1,peak=2,on=1s,off=1s,x=3", "'x=3' is not one of its settings"),
    ("bursts:base=1,peak=2,on=1,off=1s", "on: '1' is no duration"),
    ("bursts:base=1,peak=2,on=1s,off=10us", "off is '10us'; use 1ms to 24h"),
    ("bursts:base=1,peak=nan,on=1s,off=1s", "peak is nan; use 0.001 to 10000000"),
    ("bursts:base=-1,peak=1,on=1s,off=1s", "base is -1.0; use 0 to"),
    ("bursts:base=a,peak=1,on=1s,off=1s", "base is 'a'; write requests a second"),
    ("bursts:base", "'base' is not one of its settings"),
    ("ramp:from=0,to=0,over=1s", "from and to are 0"), ("trace", "incomplete"),
    ("trace:", "name no file"), ("trace:x,speed=0", "speed is '0'; use a number from"),
    ("trace:/nonexistent/trace", "/nonexistent/trace: cannot be opened"),
    ("trace:/tmp", "/tmp: cannot be read"),
  ])
  func `what cannot be used is named with what can`(text: String, part: String) {
    let message = message(text)
    #expect(message.contains(part), "\(message)")
  }

  @Test func `rates outside the range or given twice are refused`() {
    #expect(message("constant", rate: 0).contains("use 0.001 to 10000000"))
    #expect(message("poisson", rate: .infinity).contains("the rate is inf"))
    #expect(message("ramp:from=1,to=2,over=1s", rate: 5).contains("leave the other rate out"))
  }

  @Test func `instants are seconds from any origin in any order`() throws {
    let read = try read("# a log\n\n100.5,GET,/x\r\n 100.000000001 ,y\n101\n")
    #expect(read.offsets == [0, 499_999_999, 999_999_999])
    #expect(read.period == 1_499_999_998)
    let epoch = try self.read("\u{FEFF}1731000000.123456789\n1731000000.123456790")
    #expect(epoch.offsets == [0, 1])
    #expect(try self.read("5").period == nil)
    #expect(try self.read("5\n5\n").period == 1)
  }

  @Test func `a header sets the unit`() throws {
    let nanoseconds = try read("arrival_ns,model\n1731000000123456789,a\n1731000000123456799")
    #expect(nanoseconds.offsets == [0, 10])
    #expect(try read("t_us\n1.5\n3").offsets == [0, 1500])
    #expect(try read("Start_ms\n1\n3").offsets == [0, 2_000_000])
    #expect(try read("# comment\ntimestamp\n1\n3").offsets == [0, 2_000_000_000])
  }

  @Test func `intervals add up and loop with their sum`() throws {
    let read = try read("1000\n0.5\n\n2000\n", .intervals)
    #expect(read.offsets == [1_000_000, 1_000_500, 3_000_500])
    #expect(read.period == 3_000_500)
    #expect(try self.read("0\n0", .intervals).period == 1)
  }

  @Test(arguments: [
    ("", "log.csv: holds no arrivals; write one a line, in seconds"),
    ("time\n", "log.csv: holds no arrivals"), ("1\nabc\n", "log.csv:2: 'abc' is no number"),
    ("a\nb\n", "log.csv:2: 'b' is no number"), ("-1", "log.csv:1: '-1' is no number"),
    ("1e5", "log.csv:1: '1e5'"), (",5", "log.csv:1: '' is no number"),
    ("2024-01-01T00:00:00Z\n", "log.csv:1: '2024-01-01T00:00:00Z' is no number"),
    ("1\n99999999999999999999\n", "log.csv:2:"), ("0\n99999999", "spans 1157 days"),
    ("1\n2\n3\n4\n", "log.csv:4: is more than the 3 arrivals"),
  ])
  func `a damaged trace is refused with its line`(text: String, part: String) {
    let message = readMessage(text, arrivalsMax: 3)
    #expect(message.contains(part), "\(message)")
  }

  @Test func `intervals beyond a year and endless lines are refused`() {
    #expect(readMessage("1\n40000000000000\n", .intervals).contains("log.csv:2: goes beyond"))
    #expect(readMessage("us\n1\n", .intervals).contains("log.csv:1: 'us' is no number"))
    let long = String(repeating: "1", count: TraceText.lineMax + 1)
    #expect(readMessage("1\n" + long).contains("log.csv:2: is longer than 65536 bytes"))
  }

  @Test func `a trace in pieces reads as a whole`() throws {
    let text = "t_us\n5,abc\n7\n# x\n6.25\n"
    let whole = try read(text)
    for size in 1...text.utf8.count {
      var trace = TraceText(.instants, name: "x")
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: size) {
        try trace.feed(bytes[start..<min(start + size, bytes.count)])
      }
      #expect(try trace.finish().offsets == whole.offsets)
    }
  }

  @Test func `files are read with speed and loop, commas in their names included`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("needletail-arrivals-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("a,b.txt").path
    try Data("10\n11\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(
      try ArrivalProcess(parsing: "trace:\(path),loop,speed=2", rate: nil)
        == .trace(offsets: [0, 1_000_000_000], periodNanoseconds: 2_000_000_000, speed: 2))
    #expect(
      try ArrivalProcess(parsing: "intervals:\(path)", rate: nil)
        == .trace(offsets: [10_000, 21_000], periodNanoseconds: nil, speed: 1))
    let single = folder.appendingPathComponent("one").path
    try Data("10\n".utf8).write(to: URL(fileURLWithPath: single))
    #expect(message("trace:\(single),loop").contains("single arrival, which cannot loop"))
    let dense = folder.appendingPathComponent("dense").path
    try Data("0\n0\n".utf8).write(to: URL(fileURLWithPath: dense))
    #expect(message("intervals:\(dense),loop").contains("in a loop, it is more than"))
    #expect(message("intervals:\(dense)") == "accepted")
    #expect(throws: BenchInputError("\(dense): is larger than 3 bytes; use a part of it")) {
      try TraceFile.read(dense, .instants, bytesMax: 3)
    }
  }

  @Test func `random text never traps and what is read is ascending`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = RandomSource(seed: seed)
    let alphabet = Array("0123456789..,,\n\n#_nsum \r-e=:x".utf8)
    for _ in 0..<3_000 {
      let bytes = (0..<random.below(60)).map { _ in alphabet[random.below(alphabet.count)] }
      for form in [TraceText.Form.instants, .intervals] {
        var trace = TraceText(form, name: "fuzz", arrivalsMax: 20)
        do {
          try trace.feed(bytes)
          let offsets = try trace.finish().offsets
          #expect(!offsets.isEmpty && offsets == offsets.sorted() && offsets[0] >= 0)
        } catch {
          #expect(error.description.hasPrefix("fuzz:"))
        }
      }
    }
    let words = [
      "poisson", "constant", "bursts", "ramp", ":", ",", "=", "base", "peak", "on", "off", "from",
      "to", "over", "1s", "5", "-3", "1e300", "speed", "loop", " ", "ms", "nan", "0",
    ]
    for _ in 0..<3_000 {
      let text = (0..<random.below(20)).map { _ in words[random.below(words.count)] }.joined()
      if let process = try? ArrivalProcess(parsing: text, rate: random.below(2) == 0 ? 10 : nil) {
        #expect(process.meanRate > 0 && process.meanRate <= ArrivalProcess.rateMax)
      }
    }
  }
}
