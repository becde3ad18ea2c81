import ModelRuntimes
import ModelStore
import Synchronization
import Testing

struct RepositoryInspectionTests {
  @Test func `an inspection lists models, versions and problems without loading`() throws {
    let repository = try TemporaryRepository()
    try repository.write("a/1/model.onnx", "good")
    try repository.write("a/3/model.onnx", "good")
    try repository.write("a/0/model.onnx", "good")
    try repository.write("a/02/model.onnx", "good")
    try repository.write("b/config.pbtxt", "max_batch_size: x\nresponse_cache { enable: 1 }")
    try repository.write(".hidden/1/model.onnx", "good")
    let options = StoreOptions(repositories: [repository.path, "/nowhere/at/all"])
    let inspection = RepositoryInspection.inspect(options, runtimes: [])
    #expect(inspection.models.map(\.name) == ["a", "b"])
    #expect(inspection.models[0].versions == [1, 3])
    #expect(inspection.models[0].servedVersions == [3])
    #expect(inspection.models[0].configurationPath == nil)
    #expect(inspection.models[0].problems.isEmpty)
    #expect(inspection.models[1].problems.map(\.line) == [1])
    #expect(inspection.problems.map(\.file) == ["/nowhere/at/all"])
    #expect(inspection.hasProblems)
  }

  @Test func `an inspection with a runtime shows tensors and batching`() throws {
    let repository = try TemporaryRepository()
    try repository.write("a/1/model.onnx", "good")
    try repository.write("b/1/model.onnx", "broken")
    try repository.write("c/1/net.onnx", "good")
    try repository.write("d/1/model.onnx/model.onnx", "good")
    try repository.write("e/1/model.onnx", "good")
    try repository.write("e/config.pbtxt", "backend: \"python\"")
    let inspection = RepositoryInspection.inspect(
      StoreOptions(repositories: [repository.path]), runtimes: [ScriptedRuntime()])
    #expect(inspection.models[0].loaded[0].maxBatchSize == 64)
    #expect(inspection.models[0].loaded[0].inputs == ScriptedRuntime.batched.inputs)
    let problems = inspection.models.dropFirst().map { $0.problems.map(\.description).joined() }
    #expect(problems[0].contains("the script is broken"))
    #expect(problems[1].contains("holds net.onnx; rename 'net.onnx', or set default_model"))
    #expect(problems[2].contains("the model is a folder"))
    #expect(problems[3].contains("1:1: the backend 'python' is not served by this build"))
  }

  @Test(arguments: [
    ("", false), (".", false), ("..", false), ("a/b", false), ("../a", false), (".a", false),
    ("a\nb", false), ("a b", true), ("a%20b", true), ("a.b", true), ("模型", true),
    (String(repeating: "x", count: 256), false),
  ])
  func `a model name may not leave the repository`(_ name: String, isValid: Bool) {
    #expect((RelativePath.modelNameProblem(name) == nil) == isValid)
  }

  @Test func `strict names are plain`() {
    #expect(RelativePath.modelNameProblem("a b", isStrict: true) != nil)
    #expect(RelativePath.modelNameProblem("a-b_c.1", isStrict: true) == nil)
  }
}
