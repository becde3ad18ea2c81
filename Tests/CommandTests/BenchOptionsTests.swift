import ArgumentParser
import Foundation
import LoadGenerator
import Testing

@testable import NeedletailCommand

@Suite struct BenchOptionsTests {
  /// The error of a load's flags; empty if they are in order.
  private func complaint(_ arguments: [String]) throws -> String {
    let command = try BenchLoadCommand.parse(arguments)
    do throws(BenchInputError) {
      _ = try command.resolve()
      return ""
    } catch {
      return error.description
    }
  }

  @Test func `the smallest load has the defaults that the help names`() throws {
    let options = try BenchLoadCommand.parse(["-m", "digits", "--rate", "100"]).resolve()
    #expect(options.target.url == "http://localhost:8000")
    #expect(options.target.endpoint?.wire == .http)
    #expect(options.target.timeoutNanoseconds == 10_000_000_000)
    #expect(options.target.connectionsMax == 1_024)
    #expect(options.workload.entries == [MixEntry(model: "digits")])
    #expect(options.workload.sendsDeadline && !options.workload.usesJSON)
    #expect(options.pacing.durationNanoseconds == 10_000_000_000)
    #expect(options.pacing.warmUpNanoseconds == 1_000_000_000)
    #expect(options.pacing.requestsMax == nil)
    guard case .open(.poisson(let rate)) = options.pacing.pacing else {
      Issue.record("\(options.pacing.pacing)")
      return
    }
    #expect(rate == 100)
    #expect(options.objectives.isEmpty)
    #expect(options.output == OutputOptions())
  }

  @Test func `every flag reaches its option`() throws {
    let options = try BenchLoadCommand.parse([
      "-u", "grpc://h:1", "-m", "m", "--model-version", "3", "--concurrency", "40", "--streams",
      "16", "--threads", "2", "--timeout", "2s", "--deadline", "20ms", "--keep-deadline-here",
      "--priority", "1", "--batch", "4", "--shape", "x:1,2", "--input", "random",
      "--inputs-count", "5", "--duration", "500ms", "--warm-up", "0s", "--requests", "9",
      "-H", "Authorization: Bearer x:y", "--bound", "p99<5ms,errors<1%", "--bound", "max<1s",
      "--seed", "7", "--label", "L", "-q", "--shared-memory", "system",
      "--output-shared-memory-size", "64", "--server-pid", "1",
    ]).resolve()
    #expect(options.target.endpoint?.wire == .grpc)
    #expect(options.target.connections(for: options.pacing.pacing) == 3)
    #expect(options.target.headers.map(\.value) == ["Bearer x:y"])
    #expect(options.target.serverPID == 1)
    let entry = options.workload.entries[0]
    #expect(entry.subject == .model(name: "m", version: "3"))
    #expect(entry.deadlineNanoseconds == 20_000_000)
    #expect(entry.priority == 1 && entry.batch == 4 && entry.shapes == ["x:1,2"])
    #expect(!options.workload.sendsDeadline && options.workload.usesSharedMemory)
    #expect(options.workload.outputSharedMemoryBytes == 64)
    #expect(options.workload.inputsCount == 5)
    #expect(options.pacing.requestsMax == 9 && options.pacing.seed == 7)
    #expect(options.objectives.map(\.text) == ["p99<5ms", "errors<1%", "max<1s"])
    #expect(options.output.label == "L" && options.output.isQuiet)
  }

  @Test func `a closed loop has a connection for each request, an open one begins with a few`()
    throws
  {
    func connections(_ arguments: String...) throws -> Int {
      let options = try BenchLoadCommand.parse(["-m", "m"] + arguments).resolve()
      return options.target.connections(for: options.pacing.pacing)
    }
    #expect(try connections("--concurrency", "100") == 100)
    #expect(try connections("--concurrency", "100", "--connections-max", "64") == 64)
    #expect(try connections("--concurrency", "100", "--connections", "7") == 7)
    #expect(try connections("--rate", "5") == 16)
    #expect(try connections("--rate", "5", "-u", "grpc://h") == 2)
    #expect(try connections("--concurrency", "33", "-u", "grpc://h") == 2)
  }

  @Test func `any HTTP endpoint can be asked`() throws {
    func subject(_ arguments: String...) throws -> MixEntry.Subject? {
      try BenchLoadCommand.parse(["--rate", "1"] + arguments).resolve().workload.entries.first?
        .subject
    }
    #expect(try subject("--path", "/a?b") == .raw(method: "GET", path: "/a?b", body: ""))
    #expect(
      try subject("--path", "/a", "--body", "{}") == .raw(method: "POST", path: "/a", body: "{}"))
    #expect(
      try subject("--path", "/a", "--method", "put") == .raw(method: "PUT", path: "/a", body: ""))
  }

  @Test(arguments: [
    (["-m", "x"], "no load is named; give --rate R"),
    (["--rate", "1"], "nothing to ask; give --model NAME, --mix FILE or --path /PATH"),
    (["-m", "x", "--rate", "1", "--concurrency", "1"], "--rate and --concurrency exclude"),
    (["-m", "x", "--arrivals", "constant", "--concurrency", "1"], "--arrivals is for --rate"),
    (["-m", "x", "--path", "/", "--rate", "1"], "--model and --path exclude each other"),
    (["-m", "", "--rate", "1"], "--model is empty"),
    (["-m", "x", "--rate", "0"], "--rate is 0.0; use a number above 0"),
    (["-m", "x", "--rate", "nan"], "--rate is nan"),
    (["-m", "x", "--concurrency", "0"], "--concurrency is 0; use 1 to 100000"),
    (["-m", "x", "--rate", "1", "--duration", "10"], "--duration is '10'; give a number with"),
    (["-m", "x", "--rate", "1", "--duration", "0s"], "--duration is '0s'; use 1 ms to"),
    (["-m", "x", "--rate", "1", "--warm-up", "soon"], "--warm-up is 'soon'"),
    (["-m", "x", "--rate", "1", "--requests", "0"], "--requests is 0"),
    (["-m", "x", "--rate", "1", "--timeout", "1us"], "--timeout is '1us'"),
    (["-m", "x", "--rate", "1", "--threads", "0"], "--threads is 0"),
    (["-m", "x", "--rate", "1", "--streams", "0"], "--streams is 0"),
    (["-m", "x", "--rate", "1", "--connections", "0"], "--connections is 0"),
    (
      ["-m", "x", "--rate", "1", "--connections", "9", "--connections-max", "3"],
      "--connections is 9, above --connections-max 3"
    ),
    (["-m", "x", "--rate", "1", "--deadline", "0ms"], "--deadline is '0ms'"),
    (["-m", "x", "--rate", "1", "--batch", "0"], "--batch is 0"),
    (["-m", "x", "--rate", "1", "--priority=-1"], "--priority is -1"),
    (["-m", "x", "--rate", "1", "--inputs-count", "0"], "--inputs-count is 0"),
    (["-m", "x", "--rate", "1", "--shape", "x"], "shape 'x': write NAME:3,32,32"),
    (["-m", "x", "--rate", "1", "--shape", "x:a"], "shape 'x:a': sizes are whole numbers"),
    (["-m", "x", "--rate", "1", "--form", "xml"], "--form is 'xml'; use binary or json"),
    (["-m", "x", "--rate", "1", "--form", "json", "-u", "grpc://h"], "--form json is for HTTP"),
    (["-m", "x", "--rate", "1", "--shared-memory", "cuda"], "--shared-memory is 'cuda'"),
    (
      ["-m", "x", "--rate", "1", "--shared-memory", "system", "-u", "in-process:/m"],
      "--shared-memory system needs a server"
    ),
    (
      ["-m", "x", "--rate", "1", "--shared-memory", "system", "--form", "json"],
      "exclude each other"
    ),
    (["--path", "a", "--rate", "1"], "--path is 'a'; start it with '/'"),
    (["--path", "/", "--method", "G T", "--rate", "1"], "--method is 'G T'"),
    (["--path", "/", "--body", "@/no/file", "--rate", "1"], "--body is '/no/file', which cannot"),
    (["--path", "/", "--rate", "1", "-u", "grpc://h"], "is for HTTP"),
    (["--path", "/", "--rate", "1", "--batch", "2"], "--batch is for a model"),
    (["-m", "x", "--rate", "1", "--method", "GET"], "--method is for --path"),
    (["--mix", "/no/mix.yaml", "--rate", "1"], "/no/mix.yaml: cannot be read"),
    (["--mix", "/no/mix.yaml", "--rate", "1", "--deadline", "1s"], "belongs into the file"),
    (["-m", "x", "--rate", "1", "-H", "none"], "'none'"),
    (["-m", "x", "--rate", "1", "-H", "Content-Length: 3"], "leave it out"),
    (["-m", "x", "--rate", "1", "--ca", "/no/ca.pem"], "--ca is '/no/ca.pem', which cannot"),
    (["-m", "x", "--rate", "1", "--insecure"], "TLS"),
    (["-m", "x", "--rate", "1", "-u", "ftp://h"], "ftp"),
    (["-m", "x", "--rate", "1", "--bound", "speed<1"], "speed"),
    (["-m", "x", "--rate", "1", "--json", "/no/folder/x.json"], "--json is '/no/folder/x.json'"),
    (["-m", "x", "--rate", "1", "--json", "-", "--csv", "-"], "the output holds one"),
    (["-m", "x", "--rate", "1", "--server-pid", "0"], "--server-pid is 0"),
    (["-m", "x", "--rate", "1", "--arrivals", "sometimes"], "sometimes"),
  ])
  func `what makes no sense is said in one line`(arguments: [String], expected: String) throws {
    let text = try complaint(arguments)
    #expect(text.contains(expected), "\(text)")
    #expect(!text.contains("\n"))
  }

  @Test func `certificate and key come together`() throws {
    let file = NSTemporaryDirectory() + "bench-\(UUID().uuidString).pem"
    try "x".write(toFile: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: file) }
    let load = ["-m", "x", "--rate", "1", "-u", "https://h"]
    #expect(try complaint(load + ["--key", file]).contains("--certificate is missing"))
    #expect(try complaint(load + ["--certificate", file]).contains("--key is missing"))
    let both = try BenchLoadCommand.parse(load + ["--certificate", file, "--key", file]).resolve()
    #expect(both.target.endpoint?.tls?.keyFile == file)
  }

  @Test func `two outputs do not share a file`() throws {
    let file = NSTemporaryDirectory() + "bench.out"
    let text = try complaint(["-m", "x", "--rate", "1", "--json", file, "--html", file])
    #expect(text.contains("named for two outputs"))
  }

  @Test func `no load begins with a usage error`() {
    #expect(throws: (any Error).self) { try BenchLoadCommand.parse(["--rate", "fast"]) }
    #expect(throws: (any Error).self) { try BenchSearchCommand.parse(["-m", "x"]) }
    #expect(throws: (any Error).self) { try BenchCompareCommand.parse(["a"]) }
    #expect(throws: (any Error).self) { try BenchScenarioCommand.parse([]) }
  }
}
