import ModelStore
import SwiftProtobuf
import Testing

struct ParsedConfigurationTests {
  private func parse(_ text: String) throws -> Inference_ModelConfig {
    try ParsedConfiguration(text: Array(text.utf8), file: "config.pbtxt").message
  }

  private func problems(_ text: String) -> [ConfigurationProblem] {
    do {
      _ = try ParsedConfiguration(text: Array(text.utf8), file: "config.pbtxt")
      return []
    } catch {
      return error.problems
    }
  }

  private static let full = """
    # a comment
    name: "m" 'odel'  # adjacent strings join
    platform: "onnxruntime_onnx";
    max_batch_size: 0x10,
    input [
      { name: "x" data_type: TYPE_FP32 dims: [ -1, 4 ] },
      < name: "z" data_type: 13 dims: 1 dims: 2 >
    ]
    output { name: "y" data_type: TYPE_INT64 dims: [ 2 ] label_filename: "l\\x61\\142els.txt" }
    version_policy: { specific { versions: [1, 3] } }
    instance_group [ { count: 2 kind: KIND_CPU } ]
    dynamic_batching {
      preferred_batch_size: [ 4, 8 ]
      max_queue_delay_microseconds: 100
      priority_levels: 2 default_priority_level: 1
      default_queue_policy { timeout_action: DELAY max_queue_size: 7 }
      priority_queue_policy { key: 2 value { allow_timeout_override: true } }
    }
    parameters { key: "intra_op_thread_count" value { string_value: "2" } }
    model_metrics { metric_control { histogram_options { buckets: [ 0.5, 1e3, 2f, inf ] } } }
    """

  @Test func `the text form reads every spelling`() throws {
    let config = try parse(Self.full)
    #expect(config.name == "model")
    #expect(config.maxBatchSize == 16)
    #expect(config.input.map(\.name) == ["x", "z"])
    #expect(config.input[0].dims == [-1, 4])
    #expect(config.input[1].dataType == .typeString)
    #expect(config.input[1].dims == [1, 2])
    #expect(config.output[0].labelFilename == "labels.txt")
    #expect(config.versionPolicy.specific.versions == [1, 3])
    #expect(config.dynamicBatching.priorityQueuePolicy[2]?.allowTimeoutOverride == true)
    #expect(config.dynamicBatching.defaultQueuePolicy.timeoutAction == .delay)
    #expect(config.parameters["intra_op_thread_count"]?.stringValue == "2")
    #expect(
      config.modelMetrics.metricControl[0].histogramOptions.buckets == [0.5, 1000, 2, .infinity])
  }

  @Test func `the text form agrees with another reader of it`() throws {
    let other = try Inference_ModelConfig(textFormatString: Self.full)
    #expect(try parse(Self.full) == other)
    #expect(try parse(other.textFormatString()) == other)
  }

  @Test func `JSON of a configuration reads back as the same configuration`() throws {
    let config = try parse(Self.full)
    let json = try config.jsonString()
    #expect(try ParsedConfiguration(json: Array(json.utf8)).message == config)
    var options = JSONEncodingOptions()
    options.preserveProtoFieldNames = true
    let plain = try config.jsonString(options: options)
    #expect(try ParsedConfiguration(json: Array(plain.utf8)).message == config)
  }

  @Test(arguments: [
    ("max_batch_siz: 4", 1, 1, "unknown field 'max_batch_siz'", "did you mean 'max_batch_size'?"),
    ("\n  max_batch_size: \"4\"", 2, 19, "takes a 32-bit integer, found \"4\"", ""),
    ("max_batch_size: 3000000000", 1, 17, "found 3000000000", ""),
    ("input {\n data_type: TYPE_FP23\n}", 2, 13, "'TYPE_FP23' is not a value", "TYPE_FP32"),
    ("input { data_type: \"TYPE_FP32\" }", 1, 20, "found \"TYPE_FP32\"", "without quotes"),
    ("name: model", 1, 7, "takes a string, found model", "quotes"),
    ("name: \"a\"\nname: \"b\"", 2, 1, "given twice, first at line 1", "remove"),
    ("name: \"a", 1, 7, "does not end on its line", "close it"),
    ("name \"a\"", 1, 6, "expected ':' after the field 'name'", ""),
    ("input {\n name: \"x\"", 2, 11, "opened at line 1", "add '}'"),
    ("input [ { name: \"x\" } { name: \"y\" } ]", 1, 23, "expected ',' or ']'", ""),
    ("dynamic_batching {} sequence_batching {}", 1, 21, "exclude each other", "remove"),
    ("max_batch_size: [ 1, 2 ]", 1, 17, "takes one value, not a list", ""),
    ("input: 3", 1, 8, "takes a message, found 3", "input { ... }"),
    ("name: \"\\q\"", 1, 8, "unknown escape '\\q'", ""),
    ("%", 1, 1, "expected the name of a field, found '%'", ""),
    ("dynamic_batching { priority_levels: -1 }", 1, 37, "found -1", ""),
  ])
  func `a mistake is reported with its place and value`(
    _ text: String, line: Int, column: Int, message: String, fix: String
  ) throws {
    let found = problems(text)
    let problem = try #require(found.first)
    #expect(problem.line == line && problem.column == column, "\(problem)")
    #expect(problem.message.contains(message), "\(problem)")
    #expect(fix.isEmpty || problem.fix.contains(fix), "\(problem)")
    #expect(problem.description.hasPrefix("config.pbtxt:\(line):\(column): "))
  }

  @Test func `several mistakes are reported at once`() {
    #expect(problems("nam: \"x\"\nmax_batch_size: true\nbackend: 3").count == 3)
  }

  @Test(arguments: [
    ("{\"max_batch_size\": true}", "takes a 32-bit integer"),
    ("{\"input\": {}}", "takes a list"),
    ("{\"nme\": \"x\"}", "unknown field 'nme'"),
    ("[1]", "expected a JSON object"),
    ("{\"name\": \"x\"} y", "expected the end of the text"),
    ("{\"name\": nope}", "expected a JSON value"),
    ("{\"name\": \"x\", \"name\": \"y\"}", "given twice"),
    ("{\"parameters\": []}", "takes an object"),
    ("", "expected a JSON object, found the end of the text"),
  ])
  func `a mistake in JSON is reported`(_ text: String, message: String) {
    do {
      _ = try ParsedConfiguration(json: Array(text.utf8))
      Issue.record("accepted \(text)")
    } catch {
      #expect(error.description.contains(message), "\(error)")
      #expect(error.problems[0].line == 1)
    }
  }

  @Test func `JSON carries 64-bit integers as numbers or strings, and null as nothing`() throws {
    let text = """
      {"name": "\\u00e9\\ud83d\\ude00", "platform": null, "maxBatchSize": "8",
       "dynamicBatching": {"max_queue_delay_microseconds": 5},
       "parameters": {"k": {"string_value": "v"}}, "input": [{"data_type": "TYPE_FP16"}]}
      """
    let config = try ParsedConfiguration(json: Array(text.utf8)).message
    #expect(config.name == "é😀")
    #expect(config.maxBatchSize == 8)
    #expect(config.dynamicBatching.maxQueueDelayMicroseconds == 5)
    #expect(config.parameters["k"]?.stringValue == "v")
    #expect(config.input[0].dataType == .typeFp16)
  }

  @Test func `deep nesting and great size are refused`() {
    let deep = String(repeating: "input{", count: 5000)
    #expect(problems(deep).first?.message.contains("nested deeper") == true)
    let large = [UInt8](repeating: 0x20, count: (4 << 20) + 1)
    do {
      _ = try ParsedConfiguration(text: large, file: "f")
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains("the most is"))
    }
    do {
      _ = try ParsedConfiguration(json: Array(String(repeating: "{\"a\":[", count: 5000).utf8))
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains("nested deeper"))
    }
  }

  @Test func `no text makes the reader crash, and what it accepts another reader accepts too`()
    throws
  {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let base = Array(Self.full.utf8)
    let json = Array(try parse(Self.full).jsonString().utf8)
    let alphabet = Array("{}[]<>:,;\"'\\#-x0123.name dims input\n".utf8)
    for round in 0..<600 {
      var text = round % 2 == 0 ? base : json
      switch round % 3 {
      case 0: text = Array(text.prefix(Int.random(in: 0...text.count, using: &generator)))
      case 1:
        for _ in 0...Int.random(in: 0...3, using: &generator) {
          let index = Int.random(in: 0..<text.count, using: &generator)
          text[index] = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
        }
      default:
        text = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
          alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
        }
      }
      _ = try? ParsedConfiguration(json: text)
      guard let parsed = try? ParsedConfiguration(text: text, file: "f") else { continue }
      let source = String(decoding: text, as: UTF8.self)
      let other = try? Inference_ModelConfig(textFormatString: source)
      #expect(other == nil || other == parsed.message, "seed \(seed): \(source)")
    }
  }
}
