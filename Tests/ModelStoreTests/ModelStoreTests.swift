import Logging
import ModelRuntimes
import ModelStore
import Synchronization
import Tensors
import Testing

struct ModelStoreTests {
  private let runtime = ScriptedRuntime()
  private let host = RecordingHost()

  private func store(
    _ repositories: [TemporaryRepository], mode: StoreOptions.Mode,
    settings: [String: ModelSettings] = [:]
  ) -> ModelStore {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let options = StoreOptions(
      repositories: repositories.map(\.path), mode: mode, modelSettings: settings)
    return ModelStore(options: options, runtimes: [runtime], host: host, logger: logger)
  }

  private func error(_ body: () async throws(StoreError) -> Void) async -> StoreError? {
    do {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test func `all models are loaded at the start, failures stay in the index`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("a b%é/1/model.onnx", "good")
    try repository.write("a b%é/2/model.onnx", "good")
    try repository.write("a b%é/notes/readme", "x")
    try repository.write("bad/1/model.onnx", "broken")
    try repository.write("empty/readme", "x")
    try repository.write("text/1/model.onnx", "good")
    try repository.write("text/config.pbtxt", "\n max_batch: 3")
    let store = store([repository], mode: .none)
    try await store.start()
    #expect(host.servedVersions("a b%é") == [2])
    let index = await store.index(readyOnly: false)
    #expect(index.map(\.name) == ["a b%é", "bad", "empty", "text"])
    #expect(index[0].state == .ready && index[0].version == "2")
    #expect(index[1].state == .unavailable && index[1].reason == "the script is broken")
    #expect(index[2].reason.contains("no version folder"))
    #expect(index[3].reason.contains("config.pbtxt:2:2: unknown field 'max_batch'"))
    #expect(await store.index(readyOnly: true).map(\.name) == ["a b%é"])
    #expect(await store.failures().map(\.name) == ["bad", "empty", "text"])
    #expect(await store.allReady() == false)
    let refusal = await error { () async throws(StoreError) in
      try await store.load(model: "bad", configuration: nil, files: [:])
    }
    #expect(refusal?.code == .unavailable)
    await store.stop()
    #expect(host.servedVersions("a b%é") == [])
  }

  @Test(arguments: [
    ("version_policy { latest { num_versions: 2 } }", [2, 10]),
    ("version_policy { all {} }", [1, 2, 10]),
    ("version_policy { specific { versions: [ 1, 10, 11 ] } }", [1, 10]),
    ("", [10]),
  ] as [(String, [Int64])])
  func `the version policy chooses what is served`(_ text: String, versions: [Int64]) async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/config.pbtxt", text)
    for version in [1, 2, 10] { try repository.write("m/\(version)/model.onnx", "good") }
    let store = store([repository], mode: .none)
    try await store.start()
    #expect(host.servedVersions("m") == versions)
    #expect(await store.allReady())
    #expect(host.snapshot.models["m"]?.aliases["latest"] == 10)
    await store.stop()
  }

  @Test func `a name in two repositories is refused in both`() async throws {
    let (one, two) = (try TemporaryRepository(), try TemporaryRepository())
    for repository in [one, two] { try repository.write("m/1/model.onnx", "good") }
    try two.write("n/1/model.onnx", "good")
    let store = store([one, two], mode: .none)
    try await store.start()
    #expect(host.servedVersions("m") == [] && host.servedVersions("n") == [1])
    #expect(await store.failures().first?.reason.contains("two repositories") == true)
    #expect(await store.allReady() == false)
    await store.stop()
  }

  @Test func `a missing repository or start model is an error`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/1/model.onnx", "good")
    let unknown = store([repository], mode: .explicit(load: ["m", "gone"]))
    let missing = await error { () async throws(StoreError) in try await unknown.start() }
    #expect(missing?.message == "failed to load 'gone': no model repository holds it")
    #expect(host.servedVersions("m") == [1])
    await unknown.stop()
    let path = repository.path + "/none"
    let nowhere = ModelStore(
      options: StoreOptions(repositories: [path]), runtimes: [runtime], host: host,
      logger: Logger(label: "test"))
    let unreadable = await error { () async throws(StoreError) in try await nowhere.start() }
    #expect(unreadable?.message.contains(path) == true)
  }

  @Test func `explicit loading and unloading follow requests`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/1/model.onnx", "good")
    let store = store([repository], mode: .explicit(load: []))
    try await store.start()
    let expected = IndexEntry(name: "m", version: "", state: nil, reason: "")
    #expect(await store.index(readyOnly: false) == [expected])
    try await store.load(model: "m", configuration: nil, files: [:])
    #expect(host.servedVersions("m") == [1])
    try await store.load(model: "m", configuration: nil, files: [:])
    #expect(runtime.loads.withLock(\.count) == 1)
    try await store.unload(model: "m", unloadDependents: false)
    let unloaded = IndexEntry(name: "m", version: "1", state: .unavailable, reason: "unloaded")
    #expect(await store.index(readyOnly: false) == [unloaded])
    #expect(await store.allReady())
    for name in ["gone", "../m", "a/b", ""] {
      let loading = await error { () async throws(StoreError) in
        try await store.load(model: name, configuration: nil, files: [:])
      }
      #expect(loading?.code == (name == "gone" ? .notFound : .invalid), "\(name)")
    }
    let unloading = await error { () async throws(StoreError) in
      try await store.unload(model: "gone", unloadDependents: true)
    }
    #expect(unloading?.code == .notFound)
    try await store.load(model: "m", configuration: nil, files: [:])
    #expect(host.servedVersions("m") == [1])
    await store.stop()
  }

  @Test func `a lease holds an unload until it is dropped`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/1/model.onnx", "good")
    let store = store([repository], mode: .explicit(load: ["*"]))
    try await store.start()
    var lease = host.lease("m", 1)
    let release = try #require(lease?.release)
    async let unloading: Void = store.unload(model: "m", unloadDependents: false)
    await host.published { $0.models["m"]?.versions.isEmpty == true }
    #expect(await store.index(readyOnly: false).map(\.state) == [.unloading])
    #expect(!release.hasFired && lease?.version == 1)
    lease = nil
    try await unloading
    #expect(release.hasFired)
    #expect(await store.index(readyOnly: false).map(\.reason) == ["unloaded"])
    await store.stop()
  }

  @Test func `a failing new version leaves the old one serving`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/1/model.onnx", "good")
    let store = store([repository], mode: .poll(seconds: 3600))
    try await store.start()
    try repository.write("m/2/model.onnx", "broken")
    await store.pollOnce()
    #expect(host.servedVersions("m") == [1])
    let index = await store.index(readyOnly: false)
    #expect(index.map(\.state) == [.ready, .unavailable])
    #expect(index[1].reason == "the script is broken")
    let count = runtime.loads.withLock(\.count)
    await store.pollOnce()
    #expect(runtime.loads.withLock(\.count) == count, "an unchanged failure is not tried again")
    try repository.write("m/2/model.onnx", "good again")
    await store.pollOnce()
    #expect(host.servedVersions("m") == [2])
    #expect(await store.allReady())
    await store.stop()
  }

  @Test func `a failing reload of the same version keeps the old contents`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/1/model.onnx", "good")
    let store = store([repository], mode: .explicit(load: ["m"]))
    try await store.start()
    let old = host.lease("m", 1)
    try repository.write("m/1/model.onnx", "broken now")
    let failure = await error { () async throws(StoreError) in
      try await store.load(model: "m", configuration: nil, files: [:])
    }
    #expect(failure?.message == "failed to load 'm': version 1: the script is broken")
    #expect(host.lease("m", 1) === old)
    let entry = await store.index(readyOnly: false)[0]
    #expect(entry.state == .ready && entry.reason == "the script is broken")
    try repository.write("m/1/model.onnx", "good once more")
    try await store.load(model: "m", configuration: nil, files: [:])
    #expect(host.lease("m", 1) !== old && host.lease("m", 1) != nil)
    #expect(await store.index(readyOnly: false)[0].reason == "")
    await store.stop()
  }

  @Test func `polling follows added, changed and removed models`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("a/config.pbtxt", "version_policy { all {} }")
    try repository.write("a/1/model.onnx", "good")
    try repository.write("a/2/model.onnx", "good")
    let store = store([repository], mode: .poll(seconds: 3600))
    try await store.start()
    #expect(runtime.loads.withLock(\.count) == 2)
    let (first, second) = (host.lease("a", 1), host.lease("a", 2))
    try repository.write("a/2/model.onnx", "good and longer")
    try repository.write("b/1/model.onnx", "good")
    await store.pollOnce()
    #expect(host.lease("a", 1) === first, "an unchanged version is not loaded again")
    #expect(host.lease("a", 2) !== second)
    #expect(host.servedVersions("b") == [1])
    #expect(runtime.loads.withLock(\.count) == 4)
    try repository.remove("b")
    try repository.write("a/config.pbtxt", "version_policy { all {} } max_batch_size: 8")
    await store.pollOnce()
    #expect(host.snapshot.models["b"] == nil)
    #expect(host.lease("a", 1)?.configuration.maxBatchSize == 8)
    #expect(await store.index(readyOnly: false).map(\.name) == ["a", "a"])
  }

  @Test func `a load may bring its own configuration and files`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/1/model.onnx", "good")
    let store = store([repository], mode: .explicit(load: ["m"]))
    try await store.start()
    try await store.load(
      model: "m", configuration: "{\"max_batch_size\": 3, \"backend\": \"onnxruntime\"}",
      files: [:])
    #expect(host.lease("m", 1)?.configuration.maxBatchSize == 3)
    try await store.load(model: "m", configuration: nil, files: [:])
    #expect(host.lease("m", 1)?.configuration.maxBatchSize == 64)

    let script = Array("good".utf8)
    try await store.load(
      model: "new", configuration: "{}", files: ["file:3/model.onnx": script])
    #expect(host.servedVersions("new") == [3])
    #expect(await store.index(readyOnly: true).map(\.name) == ["m", "new"])
    let cases: [(String?, String, String)] = [
      (nil, "file:1/model.onnx", "without a configuration"),
      ("{}", "file:../../x", "is not a path"),
      ("{}", "model.onnx", "is not a path"),
      ("{\"inpt\": 1}", "file:1/model.onnx", "override:1:2: unknown field 'inpt'"),
      ("{}", "file:x/model.onnx", "no version folder"),
    ]
    for (configuration, file, message) in cases {
      let failure = await error { () async throws(StoreError) in
        try await store.load(model: "new", configuration: configuration, files: [file: script])
      }
      #expect(failure?.message.contains(message) == true, "\(String(describing: failure))")
    }
    #expect(host.servedVersions("new") == [3])
    await store.stop()
  }

  @Test func `warm-up runs before a version serves, and its failure is the reason`() async throws {
    let repository = try TemporaryRepository()
    let sample = """
      model_warmup { name: "w" batch_size: 2 count: 3
        inputs { key: "x" value { data_type: TYPE_FP32 dims: 4 SOURCE } } }
      """
    func configuration(_ source: String) -> String {
      sample.replacing("SOURCE", with: source)
    }
    try repository.write("good/1/model.onnx", "good")
    try repository.write("good/config.pbtxt", configuration("random_data: true"))
    try repository.write("file/1/model.onnx", "good")
    try repository.write("file/config.pbtxt", configuration("input_data_file: \"raw\""))
    try repository.write("file/warmup/raw", String(repeating: "x", count: 7))
    try repository.write("runs/1/model.onnx", "failing")
    try repository.write("runs/config.pbtxt", configuration("zero_data: true"))
    let store = store([repository], mode: .none)
    try await store.start()
    #expect(host.servedVersions("good") == [1])
    let failures = await store.failures()
    #expect(failures.map(\.name) == ["file", "runs"])
    #expect(failures[0].reason.contains("does not fit its shape [2,4]"))
    #expect(failures[1].reason == "the warm-up sample 'w' failed: the script fails")
    let runs = runtime.runs.withLock { $0 }
    #expect(runs.filter { $0[0].tensor.shape == [2, 4] }.count == runs.count)
    #expect(runs.count == 4)
    await store.stop()
  }

  @Test func `what the host refuses to prepare is not published`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/1/model.onnx", "good")
    host.refuse(version: 1)
    let store = store([repository], mode: .none)
    try await store.start()
    #expect(host.servedVersions("m") == [])
    #expect(await store.failures().map(\.reason) == ["the host refuses"])
  }

  @Test func `settings, labels and load options reach the version`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/1/net.onnx", "good")
    try repository.write("m/labels.txt", "cat\r\ndog\n\n")
    try repository.write(
      "m/config.pbtxt",
      """
      default_model_filename: "net.onnx"
      output { name: "y" label_filename: "labels.txt" }
      optimization { graph { level: 1 }
        execution_accelerators { cpu_execution_accelerator { name: "openvino"
          parameters { key: "k" value: "v" } } } }
      parameters { key: "intra_op_thread_count" value { string_value: "3" } }
      parameters { key: "execution_mode" value { string_value: "1" } }
      parameters { key: "session.x" value { string_value: "y" } }
      parameters { key: "needletail.alias.stable" value { string_value: "1" } }
      model_operations { op_library_filename: "ops.so" }
      """)
    let store = store(
      [repository], mode: .none,
      settings: [
        "m": ModelSettings(
          aliases: ["canary": 1], execution: "threads", defaultTimeoutMicroseconds: 7)
      ])
    try await store.start()
    let version = try #require(host.lease("m", 1))
    #expect(version.configuration.labels == [["cat", "dog"]])
    #expect(version.configuration.settings.execution == .threads)
    #expect(version.configuration.settings.defaultTimeoutMicroseconds == 7)
    #expect(host.snapshot.models["m"]?.aliases == ["canary": 1, "stable": 1, "latest": 1])
    let options = runtime.loads.withLock { $0[0] }
    #expect(options.source == .file(path: repository.path + "/m/1/net.onnx"))
    #expect(options.intraOpThreads == 3 && options.interOpThreads == 0)
    #expect(options.graphOptimization == .extended)
    #expect(
      options.executionProviders == [.init(name: "openvino", options: ["k": "v"])])
    #expect(options.sessionEntries == ["session.x": "y"])
    #expect(options.customOperatorLibraries == [repository.path + "/m/ops.so"])
  }

  @Test func `requests for one model are served in the order they came`() async throws {
    let repository = try TemporaryRepository()
    try repository.write("m/1/model.onnx", "good")
    try repository.write("n/1/model.onnx", "good")
    let store = store([repository], mode: .explicit(load: []))
    try await store.start()
    await withTaskGroup(of: Void.self) { group in
      for round in 0..<40 {
        let name = round % 2 == 0 ? "m" : "n"
        group.addTask {
          if round % 3 == 0 {
            try? await store.unload(model: name, unloadDependents: false)
          } else {
            try? await store.load(model: name, configuration: nil, files: [:])
          }
        }
      }
    }
    for entry in await store.index(readyOnly: false) {
      let isServed = host.servedVersions(entry.name) == [1]
      #expect(entry.state == (isServed ? .ready : .unavailable), "\(entry)")
    }
    await store.stop()
    #expect(host.servedVersions("m").isEmpty && host.servedVersions("n").isEmpty)
  }
}
