import Foundation
import ModelRuntimes
import ModelStore
import Tensors
import Testing

struct ModelConfigurationTests {
  private let batched = ScriptedRuntime.batched
  private let fixed = ScriptedRuntime.fixed

  private func configure(
    _ text: String, _ signature: ModelSignature? = nil
  ) throws -> ModelConfiguration {
    try ModelConfiguration(modelName: "m", signature: signature ?? batched, text: text)
  }

  private func problems(_ text: String, _ signature: ModelSignature? = nil) -> [String] {
    do {
      _ = try ModelConfiguration(modelName: "m", signature: signature ?? batched, text: text)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test func `a batchable model without configuration batches up to 64 rows`() throws {
    let configuration = try configure("")
    #expect(configuration.maxBatchSize == 64)
    #expect(configuration.batchesDynamically)
    #expect(configuration.message.backend == "onnxruntime")
    #expect(configuration.message.platform == "onnxruntime_onnx")
    #expect(configuration.message.defaultModelFilename == "model.onnx")
    #expect(configuration.message.input[0].dims == [4])
    #expect(configuration.message.instanceGroup[0].name == "m_0")
    #expect(configuration.message.instanceGroup[0].kind == .cpu)
    #expect(configuration.message.versionPolicy.latest.numVersions == 1)
    #expect(configuration.inputs == batched.inputs)
    #expect(configuration.instanceCount == 1)
  }

  @Test func `a model without a batch dimension is served as it is`() throws {
    let configuration = try configure("", fixed)
    #expect(configuration.maxBatchSize == 0)
    #expect(!configuration.batchesDynamically)
    #expect(configuration.message.input[0].dims == [1, 4])
    #expect(configuration.inputs == fixed.inputs)
  }

  @Test func `dims that include the batch dimension mean no batching`() throws {
    let configuration = try configure(
      "input { name: \"x\" data_type: TYPE_FP32 dims: [ -1, 4 ] }")
    #expect(configuration.maxBatchSize == 0)
    #expect(configuration.inputs == batched.inputs)
  }

  @Test func `a configuration may set the batch size, also to none`() throws {
    #expect(try configure("max_batch_size: 8").maxBatchSize == 8)
    #expect(try configure("max_batch_size: 0").maxBatchSize == 0)
    #expect(try configure("max_batch_size: 1").batchesDynamically == false)
  }

  @Test func `a fixed size in the configuration narrows a variable one of the model`() throws {
    let signature = ModelSignature(
      inputs: [TensorSpec(name: "x", elementType: .fp32, dimensions: [-1, -1])],
      outputs: batched.outputs)
    let configuration = try configure("input { name: \"x\" dims: 7 } max_batch_size: 4", signature)
    #expect(configuration.inputs[0].dimensions == [-1, 7])
  }

  @Test func `scheduling is read from dynamic_batching`() throws {
    let configuration = try configure(
      """
      max_batch_size: 16
      dynamic_batching {
        preferred_batch_size: [ 8, 4 ] max_queue_delay_microseconds: 250 preserve_ordering: true
        priority_levels: 3 default_priority_level: 2
        default_queue_policy { default_timeout_microseconds: 900 max_queue_size: 5 }
        priority_queue_policy { key: 3 value { timeout_action: DELAY } }
      }
      instance_group [ { count: 2 }, { count: 3 kind: KIND_CPU } ]
      """)
    #expect(configuration.preferredBatchSizes == [4, 8])
    #expect(configuration.maxQueueDelayMicroseconds == 250)
    #expect(configuration.preserveOrdering)
    #expect(configuration.priorityLevels == 3 && configuration.defaultPriorityLevel == 2)
    let first = configuration.queuePolicy(priority: 1)
    #expect(first == QueuePolicy(defaultTimeoutMicroseconds: 900, maxQueueSize: 5))
    #expect(configuration.queuePolicy(priority: 3) == QueuePolicy(timeoutAction: .delay))
    #expect(configuration.instanceCount == 5)
  }

  @Test(arguments: [
    ("input { name: \"x\"\n data_type: TYPE_FP16 }",
      "config.pbtxt:2:2: the input 'x' is TYPE_FP16 in the configuration, TYPE_FP32 in the model"),
    ("max_batch_size: 4 output {\n name: \"y\"\n dims: [ 3 ] }",
      "config.pbtxt:3:2: the output 'y' has dims [3] in the configuration, [2] in the model"),
    ("input { name: \"xs\" }", "config.pbtxt:1:9: the model has no input 'xs'"),
    ("name: \"other\"", "1:1: the configuration names the model 'other', its folder 'm'"),
    ("max_batch_size: -1", "max_batch_size is -1"),
    ("input { name: \"x\" dims: 0 }", "has a dimension of 0"),
    ("input { name: \"x\" reshape { shape: 4 } }", "reshape of the input 'x' is not served yet"),
    ("input { name: \"x\" allow_ragged_batch: true }", "is not served yet"),
    ("sequence_batching {}", "1:1: sequence_batching is not served yet"),
    ("ensemble_scheduling {}", "ensemble_scheduling is not served yet"),
    ("platform: \"ensemble\"", "an ensemble"),
    ("model_transaction_policy { decoupled: true }", "1:28: a decoupled model is not served yet"),
    ("response_cache { enable: true }", "response_cache is not served yet"),
    ("batch_input {}", "batch_input is not served yet"),
    ("max_batch_size: 4 dynamic_batching { preferred_batch_size: 8 }", "outside 1...4"),
    ("dynamic_batching { preferred_batch_size: 80 }", "above max_batch_size, which is 64"),
    ("dynamic_batching { priority_levels: 2 }", "default_priority_level is 0"),
    ("dynamic_batching { priority_queue_policy { key: 1 } }", "names level 1"),
    ("instance_group { count: 100000 }", "ask for 100000 instances"),
    ("default_model_filename: \"../x\"", "leaves the version's folder"),
    ("output { name: \"y\" label_filename: \"/etc/passwd\" }", "leaves the model's folder"),
    ("parameters { key: \"needletail.x\" value {} }",
      "1:12: the parameter 'needletail.x' is unknown"),
    ("parameters { key: \"needletail.execution\" value { string_value: \"q\" } }",
      "takes auto, inline or threads, found 'q'"),
    ("parameters { key: \"needletail.alias.7\" value { string_value: \"1\" } }", "names a number"),
  ])
  func `what does not fit the model or is not served is refused`(
    _ text: String, message: String
  ) {
    let found = problems(text)
    #expect(found.contains { $0.contains(message) }, "\(found)")
  }

  @Test func `batching a model without a batch dimension is refused`() {
    let found = problems("max_batch_size: 4", fixed)
    #expect(found.first?.contains("the model has no batch dimension") == true, "\(found)")
    #expect(found.first?.hasPrefix("config.pbtxt:1:1: ") == true)
  }

  @Test func `the server's own settings are read from parameters`() throws {
    func parameter(_ key: String, _ value: String) -> String {
      "parameters { key: \"needletail.\(key)\" value { string_value: \"\(value)\" } }\n"
    }
    let settings = try configure(
      parameter("execution", "inline") + parameter("cpu_affinity", "0, 3")
        + parameter("default_timeout_us", "500") + parameter("alias.stable", "2")
        + parameter("max_queue_rows", "9") + parameter("max_queue_bytes", "10")
        + parameter("execution_providers", "cuda,cpu")
        + parameter("provider.cuda.device_id", "1")
    ).settings
    #expect(settings.execution == .inline)
    #expect(settings.cpuAffinity == [0, 3])
    #expect(settings.defaultTimeoutMicroseconds == 500)
    #expect(settings.aliases == ["stable": 2])
    #expect(settings.maxQueueRows == 9 && settings.maxQueueBytes == 10)
    #expect(settings.executionProviders == ["cuda", "cpu"])
    #expect(settings.providerOptions == ["cuda": ["device_id": "1"]])
  }

  @Test func `the configuration prints as JSON with names, numbers and defaults`() throws {
    let configuration = try configure(
      """
      max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 100 }
      parameters { key: "a\\"b" value { string_value: "\\n" } }
      optimization { graph { level: -1 } }
      """
    )
    let text = configuration.jsonText()
    let start = """
      {"name":"m","platform":"onnxruntime_onnx","backend":"onnxruntime","runtime":"",\
      "version_policy":{"latest":{"num_versions":1}},"max_batch_size":4,"input":[{"name":"x",\
      "data_type":"TYPE_FP32","format":"FORMAT_NONE","dims":[4],"is_shape_tensor":false,\
      "allow_ragged_batch":false,"optional":false,"is_non_linear_format_io":false}],"output":[
      """
    #expect(text.hasPrefix(start), "\(text)")
    #expect(text.contains("\"dynamic_batching\":{\"preferred_batch_size\":[],"))
    #expect(text.contains("\"max_queue_delay_microseconds\":100,"))
    #expect(text.contains("\"parameters\":{\"a\\\"b\":{\"string_value\":\"\\n\"}}"))
    #expect(text.contains("\"graph\":{\"level\":-1}"))
    #expect(text.contains("\"metric_tags\":{}"))
    #expect(!text.contains("sequence_batching") && !text.contains("response_cache"))
    _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
    let again = try ParsedConfiguration(json: Array(text.utf8)).message
    #expect(again == configuration.message)
  }
}
