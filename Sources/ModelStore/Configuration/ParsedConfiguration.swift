internal import SwiftProtobuf

/// A configuration as written: the message, and where in the text each field stands.
package struct ParsedConfiguration: Sendable {
  /// What the text says; nothing is completed.
  package var message: Inference_ModelConfig
  /// The file, as problems name it.
  package var file: String
  private var positions: [String: SourcePosition]

  /// A configuration that says nothing: the model was given without one.
  package init(file: String = "config.pbtxt") {
    message = Inference_ModelConfig()
    self.file = file
    positions = [:]
  }

  /// Reads the text form, as `config.pbtxt` holds it.
  package init(text bytes: [UInt8], file: String) throws(ConfigurationFailure) {
    try self.init(bytes, dialect: .text, file: file)
  }

  /// Reads the JSON form, as a load request carries it.
  package init(
    json bytes: [UInt8], file: String = "configuration override"
  ) throws(ConfigurationFailure) {
    try self.init(bytes, dialect: .json, file: file)
  }

  private init(
    _ bytes: [UInt8], dialect: ConfigurationChecker.Dialect, file: String
  ) throws(ConfigurationFailure) {
    guard bytes.count <= ConfigurationLimits.byteCountMax else {
      throw ConfigurationFailure([
        ConfigurationProblem(
          file: file,
          message: "the configuration has \(bytes.count) bytes, "
            + "the most is \(ConfigurationLimits.byteCountMax)")
      ])
    }
    let fields: [ConfigurationField]
    do {
      fields =
        switch dialect {
        case .text: try TextConfigurationParser.parse(bytes)
        case .json: try JSONConfigurationParser.parse(bytes)
        }
    } catch {
      throw ConfigurationFailure([
        ConfigurationProblem(
          file: file, line: error.position.line, column: error.position.column,
          message: error.message, fix: error.fix)
      ])
    }
    var checker = ConfigurationChecker(dialect: dialect, file: file)
    let encoded = checker.encode(fields)
    guard checker.problems.isEmpty else { throw ConfigurationFailure(checker.problems) }
    do {
      message = try Inference_ModelConfig(serializedBytes: encoded)
    } catch {
      throw ConfigurationFailure([
        ConfigurationProblem(file: file, message: "the configuration is unreadable: \(error)")
      ])
    }
    self.file = file
    positions = checker.positions
  }

  /// Whether the text sets the field at `path`, for example `max_batch_size`.
  package func sets(_ path: String) -> Bool { positions[path] != nil }

  /// A problem with the field at `path`; without a line where the text does not set it.
  package func problem(
    at path: String, _ message: String, fix: String = ""
  ) -> ConfigurationProblem {
    var place = path[...]
    var position = positions[path]
    while position == nil, let dot = place.lastIndex(of: ".") {
      place = place[..<dot]
      position = positions[String(place)]
    }
    return ConfigurationProblem(
      file: file, line: position?.line ?? 0, column: position?.column ?? 0, message: message,
      fix: fix)
  }
}
