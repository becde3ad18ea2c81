import Decisions
import Foundation
import ModelStore

extension ServerOptions {
  /// What the pipelines are opened with.
  var decisionOptions: DecisionHostOptions {
    var result = DecisionHostOptions()
    result.pipelines = pipelines
    result.stateFolder = stateFolder.isEmpty ? nil : stateFolder
    result.rebuildsFeatures = rebuildsFeatures
    result.keepsRecordsNanoseconds = KeptTime.nanoseconds(keepRecords)
    return result
  }

  /// What is wrong with the options about pipelines; the files are looked at when they are opened.
  func pipelineProblems(_ origin: (String) -> OptionOrigin) -> [ConfigurationProblem] {
    var result: [ConfigurationProblem] = []
    for path in Set(pipelines).sorted() {
      if !FileManager.default.isReadableFile(atPath: path) || FileCheck.isFolder(path) {
        result.append(
          origin("pipeline").problem(
            "'pipeline' is '\(path)', which cannot be read", fix: "give the path of a YAML file"))
      } else if pipelines.count(where: { $0 == path }) > 1 {
        result.append(
          origin("pipeline").problem("'pipeline' is '\(path)' twice", fix: "give it once"))
      }
    }
    if !keepRecords.isEmpty, KeptTime.nanoseconds(keepRecords) == nil {
      result.append(
        origin("keep_records").problem(
          "'keep_records' is '\(keepRecords.prefix(80))'",
          fix: "use a whole number with s, m, h, d or w, such as 90d"))
    }
    let needs: [(key: String, isGiven: Bool)] = [
      ("state", !stateFolder.isEmpty), ("rebuild_features", rebuildsFeatures),
      ("keep_records", !keepRecords.isEmpty),
    ]
    for need in needs where need.isGiven && pipelines.isEmpty {
      result.append(
        origin(need.key).problem(
          "'\(need.key)' acts only with a pipeline", fix: "add --pipeline FILE, or leave it out"))
    }
    for need in needs.dropFirst() where need.isGiven && !pipelines.isEmpty && stateFolder.isEmpty {
      result.append(
        origin(need.key).problem(
          "'\(need.key)' needs 'state': nothing is kept without it", fix: "add --state DIR"))
    }
    return result
  }
}
