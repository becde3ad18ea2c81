import Foundation
import Testing
import Timing

@testable import LoadGenerator

@Suite struct BenchDocumentTests {
  private func written(_ document: BenchDocument) throws -> String {
    String(decoding: try document.written(), as: UTF8.self)
  }

  private func failure(_ text: String) -> String {
    do {
      _ = try BenchDocument.read(Array(text.utf8), file: "old.json")
      return "read without an error"
    } catch {
      return error.description
    }
  }

  @Test(arguments: ResultFixtures.documents())
  func `a result is read back as it was written`(document: BenchDocument) throws {
    let bytes = try document.written()
    let read = try BenchDocument.read(bytes, file: "x.json")
    #expect(read == document)
    #expect(try read.written() == bytes)
  }

  @Test func `runs at the edge survive the file`() throws {
    for (name, result) in ResultFixtures.extremes() {
      let bytes = try BenchDocument.load(result).written()
      #expect(try BenchDocument.read(bytes, file: "x") == .load(result), "\(name)")
    }
    for document in ResultFixtures.nastyDocuments() {
      #expect(try BenchDocument.read(document.written(), file: "x") == document)
    }
  }

  @Test func `the file says what it is in stable keys`() throws {
    let bytes = try BenchDocument.load(ResultFixtures.small()).written()
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    #expect(object["format"] as? String == "needletail-bench")
    #expect(object["formatVersion"] as? Int == 1)
    #expect(object["kind"] as? String == "load")
    let summary = try #require(object["summary"] as? [String: Any])
    let latency = try #require(summary["latency"] as? [String: Any])
    #expect(
      latency["p50_ns"] as? Int == ResultFixtures.small().summary.latency["p50"].map(Int.init))
    #expect(latency["sparse"] as? [String] == ["p99.9", "p99.99"])
    let counts = try #require(summary["counts"] as? [String: Any])
    #expect(counts["refused"] as? Int == 5)
    #expect(summary["elapsed_ns"] as? Int == 1_000_000_000)
    let run = try #require(object["run"] as? [String: Any])
    #expect(run["duration_ns"] as? Int == 1_000_000_000)
    #expect(run["label"] != nil && run["warm_up_ns"] != nil && run["deadline_ns"] != nil)
  }

  @Test func `histograms of two files merge as if recorded together`() throws {
    let first = ResultFixtures.recording(seconds: 1, seed: 1)
    let second = ResultFixtures.recording(seconds: 1, load: 0.9, seed: 2)
    func stored(_ recording: LoadRecording) throws -> LatencyHistogram {
      let result = BenchResult(run: ResultFixtures.description(), recording: recording)
      let read = try BenchDocument.read(BenchDocument.load(result).written(), file: "x")
      guard case .load(let back) = read else { return LatencyHistogram() }
      return back.histograms.latency.histogram
    }
    var merged = try stored(first)
    merged.merge(try stored(second))
    var direct = first.latency
    direct.merge(second.latency)
    #expect(StoredHistogram(merged) == StoredHistogram(direct))
  }

  @Test func `numbers that JSON has no word for survive`() throws {
    var comparison = ResultFixtures.comparison(withRuns: false)
    comparison.metrics[0].ratio = .init(value: .infinity, low: -.infinity, high: 1)
    let bytes = try BenchDocument.comparison(comparison).written()
    #expect(try BenchDocument.read(bytes, file: "x") == .comparison(comparison))
  }

  @Test func `what is no result says so`() {
    for text in [
      "", "{", "nonsense", "\u{FEFF}{\"format\":1", "{\"format\": \"needletail-bench\",",
    ] {
      let failure = failure(text)
      #expect(failure.hasPrefix("old.json: this is not JSON"), "\(failure)")
    }
    for text in ["[]", "3", "{}", #"{"format":"k6"}"#, #"{"format":7,"formatVersion":1}"#] {
      let failure = failure(text)
      #expect(failure.contains("'format' is not 'needletail-bench'"), "\(failure)")
    }
  }

  @Test func `a newer file asks for a newer program`() {
    let failure = failure(#"{"format":"needletail-bench","formatVersion":2,"kind":"load"}"#)
    #expect(failure.contains("'formatVersion' is 2"))
    #expect(failure.contains("reads up to 1"))
    #expect(self.failure(#"{"format":"needletail-bench","formatVersion":0}"#).contains("is 0"))
  }

  @Test func `damage is named by its key path`() throws {
    let good = try written(.load(ResultFixtures.small()))
    func damaged(_ find: String, _ replace: String) -> String {
      #expect(good.contains(find), "the file does not hold \(find)")
      return failure(good.replacingOccurrences(of: find, with: replace))
    }
    #expect(damaged(#""kind":"load""#, #""kind":"weird""#).contains("'kind'"))
    #expect(damaged(#""kind":"load","#, "").contains("'kind' is missing"))
    #expect(
      damaged(#""elapsed_ns":"#, #""elapsed":"#).contains("'summary.elapsed_ns' is missing"))
    #expect(damaged(#""target":"grpc:"#, #""target":null,"x":"grpc:"#).contains("'run.target'"))
    #expect(damaged(#""seed":1"#, #""seed":"one""#).contains("'run.seed' is not a"))
    #expect(damaged(#""seed":1"#, #""seed":-1"#).contains("out of its key's range"))
    #expect(damaged(#""precision_bits":10"#, #""precision_bits":9"#).contains("precision_bits"))
    #expect(
      damaged(#""service":{"buckets":[["#, #""service":{"buckets":[[999999,1],["#)
        .contains("outside the histogram"))
    #expect(
      damaged(#""service":{"buckets":[["#, #""service":{"buckets":[[1,1],["#)
        .contains("but the buckets hold"))
    #expect(
      damaged(#""service":{"buckets":[["#, #""service":{"buckets":[[1],["#)
        .hasPrefix("old.json: "))
    #expect(
      damaged(#""service":{"buckets":[["#, #""service":{"buckets":[[-1,1],["#)
        .contains("histograms.service.buckets"))
    for message in [damaged(#""seed":1"#, #""seed":-1"#)] {
      #expect(message.hasPrefix("old.json: ") && message.contains("run the benchmark again"))
    }
  }

  @Test func `keys that a later version adds are passed over`() throws {
    let good = try written(.load(ResultFixtures.small()))
    let more = good.replacingOccurrences(
      of: #"{"counts":{"#, with: #"{"new":[1],"counts":{"x":{},"#)
    #expect(more != good)
    #expect(
      try BenchDocument.read(Array(more.utf8), file: "x") == .load(ResultFixtures.small()))
  }

  @Test(arguments: [UInt64(1), 2])
  func `a file with damaged bytes never crashes the reader`(seed: UInt64) throws {
    var random = ResultFixtures.Random(state: seed)
    let result = ResultFixtures.extremes()[1].result
    let good = try BenchDocument.load(result).written()
    for _ in 0..<300 {
      var bytes = good
      for _ in 0..<(1 + Int(random.next() * 3)) {
        let place = Int(random.next() * Double(bytes.count))
        switch Int(random.next() * 3) {
        case 0: bytes[place] = UInt8(random.next() * 256)
        case 1: bytes[place] = UInt8(ascii: "0") + UInt8(random.next() * 10)
        default: bytes.removeSubrange(place..<min(bytes.count, place + 1 + Int(random.next() * 9)))
        }
      }
      do {
        let read = try BenchDocument.read(bytes, file: "f")
        _ = TextReport.write(read)
        _ = HTMLReport.write(read)
      } catch {
        #expect(error.description.hasPrefix("f: "), "seed \(seed)")
      }
    }
  }
}
