import Foundation
import Testing

@Suite struct RoomTests {
  /// The table of ARCHITECTURE.md: rooms in order, lowest first.
  private func table() throws -> [String] {
    let text = try #require(SourceTree.text("ARCHITECTURE.md"), "ARCHITECTURE.md is missing")
    return text.split(separator: "\n").compactMap { line -> String? in
      guard line.hasPrefix("| `") else { return nil }
      return line.split(separator: "`").dropFirst().first.map(String.init)
    }
  }

  /// The targets of Package.swift with what each depends on, in the order they are written.
  private func targets() throws -> [(name: String, dependencies: [String])] {
    let text = try #require(SourceTree.text("Package.swift"))
    let start = try #require(text.range(of: "// The rooms, lowest first."))
    let end = try #require(text.range(of: "// The tests."))
    var pieces: [String] = []
    for line in text[start.upperBound..<end.lowerBound].split(separator: "\n") {
      if line.hasPrefix("    "), !line.hasPrefix("     ") {
        pieces.append(String(line.dropFirst(4)))
      } else if !pieces.isEmpty {
        pieces[pieces.count - 1] += line
      }
    }
    var result: [(String, [String])] = []
    for piece in pieces
    where piece.hasPrefix("room(") || piece.hasPrefix(".target(")
      || piece.hasPrefix(".executableTarget(")
    {
      let quoted = piece.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
      if let name = quoted.first { result.append((name, Array(quoted.dropFirst()))) }
    }
    return result
  }

  @Test func `the table of rooms names the targets in their order`() throws {
    let names = try targets().map(\.name)
    let rooms = try table().filter { names.contains($0) }
    let inTable = names.filter { rooms.contains($0) }
    #expect(!rooms.isEmpty)
    #expect(rooms == inTable)
    let missing = names.filter { !rooms.contains($0) }
    #expect(missing.isEmpty, "not in the table of ARCHITECTURE.md: \(missing)")
  }

  @Test func `a room depends only on rooms above it`() throws {
    let targets = try targets()
    #expect(targets.count > 8)
    let names = targets.map(\.name)
    for (index, target) in targets.enumerated() {
      for dependency in target.dependencies {
        guard let place = names.firstIndex(of: dependency) else { continue }
        #expect(place < index, "\(target.name) depends on \(dependency), which is below it")
      }
    }
  }

  @Test func `every folder of sources is a target`() throws {
    let text = try #require(SourceTree.text("Package.swift"))
    let folders = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root + "/Sources")
    for folder in folders where !folder.hasPrefix(".") {
      #expect(text.contains("\"\(folder)\""), "Sources/\(folder) is no target")
    }
  }

  @Test func `a page links only to files that exist`() {
    for file in SourceTree.files(under: "", endings: [".md"]) {
      let folder = file.path.contains("/")
        ? SourceTree.root + "/" + file.path.split(separator: "/").dropLast().joined(separator: "/")
        : SourceTree.root
      for link in Self.links(in: file.text) {
        let path = link.split(separator: "#", omittingEmptySubsequences: false).first ?? ""
        guard !path.isEmpty, !path.contains("://"), !path.hasPrefix("mailto:") else { continue }
        let target = path.hasPrefix("/") ? SourceTree.root + path : folder + "/" + path
        let exists = FileManager.default.fileExists(atPath: target)
        #expect(exists, "\(file) links to '\(path)', which does not exist")
      }
    }
  }

  /// The targets of `[text](target)`.
  private static func links(in text: String) -> [String] {
    text.components(separatedBy: "](").dropFirst().compactMap { piece in
      piece.split(separator: ")", maxSplits: 1, omittingEmptySubsequences: false).first
        .map(String.init)
    }
  }
}
