import Foundation
import Logging
import Monitoring
import Testing
import Timing

@Suite struct TraceControlTests {
  private func makeControl(
    _ folder: TemporaryFolder, _ change: (inout TraceSettings) -> Void = { _ in }
  ) throws -> TraceControl {
    var settings = TraceSettings()
    settings.file = folder.file("trace.json")
    change(&settings)
    return try TraceControl(settings: settings, logger: Logger(label: "test"))
  }

  private func trace(_ model: String = "digits", id: String = "") -> RequestTrace {
    var stages = StageClock(received: MonotonicInstant(nanoseconds: 1_000))
    stages.enqueued = MonotonicInstant(nanoseconds: 2_000)
    stages.dispatched = MonotonicInstant(nanoseconds: 3_000)
    stages.runStarted = MonotonicInstant(nanoseconds: 4_000)
    stages.runEnded = MonotonicInstant(nanoseconds: 5_000)
    stages.completed = MonotonicInstant(nanoseconds: 6_000)
    return RequestTrace(
      model: model, version: "1", id: id, traceparent: "", stages: stages,
      encodedAt: MonotonicInstant(nanoseconds: 7_000))
  }

  private func objects(_ folder: TemporaryFolder, _ name: String) throws -> [[String: Any]] {
    let data = Data(try folder.text(name).utf8)
    return try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
  }

  private func value(_ control: TraceControl, _ model: String, _ name: String) -> String? {
    control.settings(model: model).first { $0.name == name }?.values.first
  }

  @Test func `the settings at start are off, one in a thousand, without end`() throws {
    let control = try TraceControl(settings: TraceSettings(), logger: Logger(label: "test"))
    let settings = control.settings(model: "")
    #expect(
      settings.map(\.name) == [
        "trace_level", "trace_rate", "trace_count", "log_frequency", "trace_file", "trace_mode",
      ])
    #expect(settings.map { $0.values.first } == ["OFF", "1000", "-1", "0", "", "triton"])
    #expect(!control.shouldTrace(model: "digits"))
  }

  @Test func `a trace names the model and every instant it passed`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    try control.update(model: "", ["trace_level": ["TIMESTAMPS"], "trace_rate": ["1"]])
    #expect(control.shouldTrace(model: "digits"))
    control.record(trace(id: "a\"b"))
    control.flush()
    let objects = try objects(folder, "trace.json")
    #expect(objects.count == 2)
    #expect(objects[0]["model_name"] as? String == "digits")
    #expect(objects[0]["model_version"] as? Int == 1)
    #expect(objects[0]["request_id"] as? String == "a\"b")
    #expect(objects[0]["id"] as? Int == objects[1]["id"] as? Int)
    let stamps = try #require(objects[1]["timestamps"] as? [[String: Any]])
    #expect(
      stamps.compactMap { $0["name"] as? String } == [
        "REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END",
        "COMPUTE_OUTPUT_START", "COMPUTE_END", "REQUEST_END",
      ])
    let instants = stamps.compactMap { $0["ns"] as? Int }
    #expect(instants == Array(stride(from: 1_000, to: 8_000, by: 1_000)))
  }

  @Test func `one request in rate is traced`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    try control.update(model: "", ["trace_level": ["TIMESTAMPS"], "trace_rate": ["10"]])
    let taken = (0..<100).count { _ in control.shouldTrace(model: "digits") }
    #expect(taken == 10)
  }

  @Test func `the count runs down, stops, and the last trace closes a numbered file`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    try control.update(
      model: "", ["trace_level": ["TIMESTAMPS"], "trace_rate": ["1"], "trace_count": ["2"]])
    #expect(control.shouldTrace(model: "digits"))
    #expect(value(control, "", "trace_count") == "1")
    #expect(control.shouldTrace(model: "digits"))
    #expect(!control.shouldTrace(model: "digits"))
    control.record(trace())
    control.record(trace())
    control.flush()
    #expect(folder.files == ["trace.json.0"])
    #expect(try objects(folder, "trace.json.0").count == 4)
  }

  @Test func `a frequency splits the traces into numbered files`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    try control.update(
      model: "", ["trace_level": ["TIMESTAMPS"], "trace_rate": ["1"], "log_frequency": ["3"]])
    for _ in 0..<7 {
      #expect(control.shouldTrace(model: "digits"))
      control.record(trace())
    }
    control.flush()
    #expect(folder.files == ["trace.json.0", "trace.json.1", "trace.json.2"])
    #expect(try objects(folder, "trace.json.2").count == 2)
  }

  @Test func `the one file is a whole array after every write`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    try control.update(model: "", ["trace_level": ["TIMESTAMPS"], "trace_rate": ["1"]])
    for round in 1...3 {
      #expect(control.shouldTrace(model: "digits"))
      control.record(trace())
      control.flush()
      #expect(try objects(folder, "trace.json").count == 2 * round)
    }
  }

  @Test func `a model's own settings go back to the global ones when cleared`() throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    try control.update(model: "digits", ["trace_level": ["TIMESTAMPS"], "trace_rate": ["5"]])
    #expect(value(control, "digits", "trace_level") == "TIMESTAMPS")
    #expect(value(control, "other", "trace_level") == "OFF")
    try control.update(model: "", ["trace_count": ["9"], "trace_rate": ["7"]])
    #expect(value(control, "digits", "trace_count") == "9")
    #expect(value(control, "digits", "trace_rate") == "5")
    try control.update(model: "digits", ["trace_rate": nil, "trace_level": []])
    #expect(value(control, "digits", "trace_rate") == "7")
    #expect(value(control, "digits", "trace_level") == "OFF")
    try control.update(model: "", ["trace_rate": nil])
    #expect(value(control, "", "trace_rate") == "1000")
  }

  @Test(arguments: [
    (["trace_level": ["TENSORS"]], "TENSORS is not supported"),
    (["trace_level": ["OFF", "TIMESTAMPS"]], "Expect only one trace level 'OFF'"),
    (["trace_level": ["LOUD"]], "unknown trace level 'LOUD'"),
    (["trace_rate": ["many"]], "Unable to parse 'trace_rate', got: many"),
    (["trace_rate": ["-1"]], "out of range [ 0, 4294967295 ]"),
    (["trace_count": ["-2"]], "out of range [ -1, 2147483647 ], got: -2"),
    (["log_frequency": ["1", "2"]], "got: 1, 2"),
    (["trace_file": ["/tmp/x"]], "trace file location can not be updated"),
    (["trace_colour": ["red"]], "unknown trace setting 'trace_colour'"),
    (["trace_level": ["TIMESTAMPS"], "trace_rate": ["0"]], "sample rate must be non-zero"),
  ] as [([String: [String]], String)])
  func `a wrong change is refused and changes nothing`(
    change: [String: [String]], expected: String
  ) throws {
    let folder = try TemporaryFolder()
    let control = try makeControl(folder)
    let before = control.settings(model: "").map { $0.values }
    let error = #expect(throws: SettingsError.self) {
      try control.update(model: "", change.mapValues { $0 })
    }
    #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    #expect(control.settings(model: "").map { $0.values } == before)
  }

  @Test func `tracing without a file is refused with the flag that names one`() throws {
    let control = try TraceControl(settings: TraceSettings(), logger: Logger(label: "test"))
    let error = #expect(throws: SettingsError.self) {
      try control.update(model: "", ["trace_level": ["TIMESTAMPS"]])
    }
    #expect(error?.message.contains("--trace-config triton,file=PATH") == true)
  }

  @Test func `traces that cannot be written are counted`() throws {
    var settings = TraceSettings()
    settings.file = "/nowhere/at/all/trace.json"
    settings.isOn = true
    settings.rate = 1
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    let control = try TraceControl(settings: settings, logger: quiet)
    #expect(control.shouldTrace(model: "digits"))
    control.record(trace())
    control.flush()
    #expect(control.dropped == 1)
  }
}
