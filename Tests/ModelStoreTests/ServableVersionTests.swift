import ModelRuntimes
import ModelStore
import Testing

@Suite struct ServableVersionTests {
  /// Notes, when it goes, whether the signal had fired already.
  private final class WatchedModel: LoadedModel {
    let signature = ModelSignature(inputs: [], outputs: [])
    let release: ReleaseSignal
    let observed: ReleaseSignal

    init(release: ReleaseSignal, observed: ReleaseSignal) {
      self.release = release
      self.observed = observed
    }

    func makeInstance() throws(RuntimeFailure) -> any ModelInstance {
      throw RuntimeFailure(.unsupported, "never run")
    }

    deinit { if !release.hasFired { observed.fire() } }
  }

  /// A version that holds the only reference to its model.
  private static func version(
    _ release: ReleaseSignal, _ observed: ReleaseSignal
  ) throws -> ServableVersion {
    let model = WatchedModel(release: release, observed: observed)
    let configuration = try ModelConfiguration(modelName: "m", signature: model.signature)
    return ServableVersion(
      modelName: "m", version: 1, configuration: configuration, model: model, release: release)
  }

  @Test func `the release fires after the model is gone`() throws {
    let release = ReleaseSignal()
    let modelWentFirst = ReleaseSignal()
    var version: ServableVersion? = try Self.version(release, modelWentFirst)
    #expect(version?.release.hasFired == false)
    version = nil
    #expect(release.hasFired && modelWentFirst.hasFired)
  }
}
