import ArgumentParser
import Foundation
import ModelStore
import Testing

@testable import NeedletailCommand

@Suite struct DecisionFlagsTests {
  private func problems(_ arguments: [String]) throws -> [String] {
    try ConfigurationFlags.parse(arguments).resolve().problems.map(\.description)
  }

  private func pipeline() throws -> String {
    let path = NSTemporaryDirectory() + "pipeline-\(UUID().uuidString).yaml"
    try "name: x\n".write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test(arguments: [
    ("1s", 1_000_000_000), ("90d", 90 * 86_400_000_000_000), ("2w", 1_209_600_000_000_000),
    ("12h", 43_200_000_000_000), ("5m", 300_000_000_000), ("0d", nil), ("-1d", nil), ("d", nil),
    ("", nil), ("90", nil), ("1.5d", nil), ("90 d", nil), ("99999999d", nil), ("9y", nil),
  ] as [(String, Int64?)])
  func `times that records are kept`(_ text: String, _ nanoseconds: Int64?) {
    #expect(KeptTime.nanoseconds(text) == nanoseconds)
  }

  @Test func `a pipeline of rules needs no repository`() throws {
    let path = try pipeline()
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try problems(["--pipeline", path, "--state", "s", "--keep-records", "90d"]) == [])
    let options = try ConfigurationFlags.parse(["--pipeline", path]).resolve().options
    #expect(options.pipelines == [path])
    #expect(options.stateFolder == "")
  }

  @Test func `options that do not fit are problems`() throws {
    let path = try pipeline()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let cases: [([String], String)] = [
      (["--pipeline", "/no/such"], "'pipeline' is '/no/such', which cannot be read"),
      (["--pipeline", path, "--pipeline", path], "twice"),
      (["--pipeline", path, "--rebuild-features"], "'rebuild_features' needs 'state'"),
      (["--pipeline", path, "--keep-records", "9d"], "'keep_records' needs 'state'"),
      (["--pipeline", path, "--state", "s", "--keep-records", "long"], "such as 90d"),
      (
        ["--model-repository", NSTemporaryDirectory(), "--state", "s"],
        "'state' acts only with a pipeline"
      ),
    ]
    for (arguments, text) in cases {
      let found = try problems(arguments)
      #expect(found.contains { $0.contains(text) }, "\(arguments): \(found)")
    }
  }

  @Test func `the file takes a list of pipelines`() throws {
    let path = try pipeline()
    let file = NSTemporaryDirectory() + "needletail-\(UUID().uuidString).yaml"
    defer {
      try? FileManager.default.removeItem(atPath: path)
      try? FileManager.default.removeItem(atPath: file)
    }
    let text = "pipeline: [\(path)]\nstate: /tmp/x\nkeep_records: 7d\n"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let (options, problems) = try ConfigurationFlags.parse(["--config", file]).resolve()
    #expect(problems.isEmpty, "\(problems)")
    #expect(options.stateFolder == "/tmp/x")
    #expect(options.keepRecords == "7d")
  }
}
