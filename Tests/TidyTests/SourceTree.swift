import Foundation

/// The project's own files, found from this one.
enum SourceTree {
  static let root: String = {
    var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }()

  /// One file: its path from the root, and its lines.
  struct File: CustomStringConvertible {
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var name: String { String(path.split(separator: "/").last ?? "") }
    var isGenerated: Bool {
      path.contains("/Generated/") || path.hasSuffix(".pb.swift")
    }
    /// The second folder: `Sources/<room>/`.
    var room: String { String(path.split(separator: "/").dropFirst().first ?? "") }
    var description: String { path }
  }

  /// Files under `folder` with one of these endings; hidden folders are left out.
  static func files(under folder: String, endings: [String]) -> [File] {
    let start = folder.isEmpty ? root : root + "/" + folder
    guard let walk = FileManager.default.enumerator(atPath: start) else { return [] }
    var result: [File] = []
    for case let path as String in walk {
      let hidden = path.split(separator: "/").contains { $0.hasPrefix(".") }
      guard !hidden, endings.contains(where: { path.hasSuffix($0) }) else { continue }
      guard let text = try? String(contentsOfFile: start + "/" + path, encoding: .utf8) else {
        continue
      }
      result.append(File(path: folder.isEmpty ? path : folder + "/" + path, text: text))
    }
    return result.sorted { $0.path < $1.path }
  }

  /// Swift files written by hand in the rooms.
  static var sources: [File] {
    files(under: "Sources", endings: [".swift"]).filter { !$0.isGenerated }
  }

  static var tests: [File] { files(under: "Tests", endings: [".swift"]) }

  static func text(_ path: String) -> String? {
    try? String(contentsOfFile: root + "/" + path, encoding: .utf8)
  }
}
