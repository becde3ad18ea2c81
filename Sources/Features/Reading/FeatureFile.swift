package import Definitions
internal import Yams

/// Files of feature views: YAML, checked whole before anything runs.
package enum FeatureFile {
  /// A larger text is no such file.
  package static let bytesMax = 4 << 20

  /// The definitions of `text`.
  ///
  /// - Parameter path: the file's name in problems.
  /// - Throws: every mistake, with its line and column.
  package static func parse(
    _ text: String, path: String
  ) throws(DefinitionError) -> FeatureDefinitions {
    guard text.utf8.count <= bytesMax else {
      let message = "is \(text.utf8.count) bytes; the most is \(bytesMax)"
      throw DefinitionError(problems: [
        DefinitionProblem(file: path, line: 0, column: 0, message: message, fix: "")
      ])
    }
    var reader = FeatureFileReader(path: path, text: text)
    if let root = reader.root(text, "declare sources, entities, views and services") {
      reader.readAll(root)
    }
    guard reader.problems.isEmpty else {
      throw DefinitionError(
        problems: reader.problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
    }
    let hash = SipHash(0, 0).hash(Array(text.utf8).span)
    let digits = String(hash.low, radix: 16)
    reader.definitions.digest = String(repeating: "0", count: 16 - digits.count) + digits
    return reader.definitions
  }
}

extension FeatureFileReader {
  /// The sections in the order that they build on each other, whatever the file's.
  mutating func readAll(_ root: Yams.Node) {
    let keys = ["sources", "entities", "request", "views", "transforms", "services"]
    guard let file = section(root, "the file", keys: keys) else { return }
    if let node = file["sources"] { readSources(node) }
    if let node = file["entities"] { readEntities(node) }
    readRequest(file["request"])
    if let node = file["views"] { readViews(node) }
    for node in list(file["transforms"], "transforms") { readTransform(node) }
    if let node = file["services"] { readServices(node) }
    if file["views"] == nil { report(root, "the file has no 'views'", "add 'views: …'") }
  }
}
