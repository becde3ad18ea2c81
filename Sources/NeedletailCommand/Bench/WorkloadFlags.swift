import ArgumentParser

/// What is sent.
struct WorkloadFlags: ParsableArguments {
  @Option(name: [.customShort("m"), .long], help: "Model to ask.")
  var model: String?
  @Option(help: "Version of --model (default: the server's choice).")
  var modelVersion: String?
  @Option(
    help: ArgumentHelp(
      "YAML file of several models with weight, priority, deadline and input.", valueName: "file"))
  var mix: String?
  @Option(help: "Ask this path instead of a model, on any HTTP server: /health.")
  var path: String?
  @Option(help: "Method of --path (default: GET, or POST with --body).")
  var method: String?
  @Option(help: "Body of --path: a text, or @FILE.")
  var body: String?
  @Option(
    help: ArgumentHelp(
      "random, FILE.json, FILE.ndjson, FILE.csv, or NAME=FILE.npy for one input; repeat for "
        + "several (default: random)."))
  var input: [String] = []
  @Option(
    help: ArgumentHelp(
      "Shape of one row of an input whose model leaves it open: NAME:3,32,32; repeat for "
        + "several."))
  var shape: [String] = []
  @Option(name: [.customShort("b"), .long], help: "Rows of one request, for models that batch.")
  var batch = 1
  @Option(help: "Different random requests, sent in turn (default: 64, fewer of large inputs).")
  var inputsCount: Int?
  @Option(help: "Form of HTTP tensors: binary or json.")
  var form = "binary"
  @Option(help: "Where tensors travel: none (in the request) or system (shared memory).")
  var sharedMemory = "none"
  @Option(help: "Bytes of shared memory for each output, with --shared-memory system.")
  var outputSharedMemorySize = 102_400
  @Option(help: "Priority of requests: 1 is the most urgent, 0 the model's default.")
  var priority = 0
  @Option(
    help: ArgumentHelp(
      "An answer later than this after its due time is worth nothing (goodput); sent to the "
        + "server too. For example 20ms (default: none)."))
  var deadline: String?
  @Flag(help: "Count --deadline here only, and do not send it.")
  var keepDeadlineHere = false
}
