import Foundation
import Testing

@Suite struct SourceRulesTests {
  @Test func `there is something to check`() {
    #expect(SourceTree.sources.count > 50)
  }

  @Test func `files are short enough to read at a sitting`() {
    for file in SourceTree.sources where file.lines.count > 401 {
      Issue.record("\(file) has \(file.lines.count) lines; the most is 400: split it")
    }
    for file in SourceTree.tests where file.lines.count > 601 {
      Issue.record("\(file) has \(file.lines.count) lines; the most is 600: split it")
    }
  }

  @Test func `lines fit in a hundred columns`() {
    for file in SourceTree.sources + SourceTree.tests where !file.isGenerated {
      for (index, line) in file.lines.enumerated() where line.count > 100 {
        Issue.record("\(file):\(index + 1) has \(line.count) columns; the most is 100")
      }
    }
  }

  @Test func `functions are short enough to see whole`() {
    for file in SourceTree.sources {
      for function in FunctionScan.functions(in: file) where function.length > 70 {
        Issue.record(
          "\(file):\(function.line) \(function.name) has \(function.length) lines; the most is 70")
      }
    }
  }

  @Test func `nothing is left for later and nothing can trap on purpose`() {
    // Spelt apart, so that this file may hold them.
    let banned = ["TO" + "DO", "FIX" + "ME", "fatal" + "Error(", "try" + "!", "as" + "! "]
    for file in SourceTree.sources {
      for (index, line) in file.lines.enumerated() {
        for word in banned where line.contains(word) {
          Issue.record("\(file):\(index + 1) holds '\(word)'")
        }
      }
    }
  }

  @Test func `no file or type is a drawer for everything`() {
    for file in SourceTree.sources + SourceTree.tests {
      for word in ["Utils", "Util", "Helpers", "Helper", "Common", "Manager"] {
        let stem = file.name.replacingOccurrences(of: ".swift", with: "")
        if stem.hasSuffix(word) { Issue.record("\(file) is named \(word); name what it does") }
        for (index, line) in file.lines.enumerated() {
          guard let declared = Self.declaredType(in: line), declared.hasSuffix(word) else {
            continue
          }
          Issue.record("\(file):\(index + 1) declares \(declared); name what it does")
        }
      }
    }
  }

  @Test func `what other rooms see has a doc comment`() {
    for file in SourceTree.sources {
      let lines = file.lines
      for (index, line) in lines.enumerated() {
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        guard Self.needsComment(trimmed) else { continue }
        var above = index - 1
        while above >= 0 {
          let text = lines[above].trimmingCharacters(in: .whitespaces)
          guard text.hasPrefix("@") || text.hasPrefix("#") else { break }
          above -= 1
        }
        let comment = above >= 0 ? lines[above].trimmingCharacters(in: .whitespaces) : ""
        if !comment.hasPrefix("///") {
          Issue.record("\(file):\(index + 1) has no doc comment: \(trimmed.prefix(60))")
        }
      }
    }
  }

  @Test func `unchecked Sendable stays a rare, explained exception`() {
    let uses = SourceTree.sources.flatMap { file in
      file.lines.enumerated().filter {
        $0.element.contains("@unchecked Sendable")
          && !$0.element.trimmingCharacters(in: .whitespaces).hasPrefix("//")
      }.map { "\(file):\($0.offset + 1)" }
    }
    #expect(uses.count <= 6, "\(uses)")
  }

  @Test func `the data plane does without Foundation`() {
    let rooms = [
      "Tensors", "Timing", "ModelRuntimes", "Admission", "Batching", "Inference", "Windowing",
      "Rules",
    ]
    for file in SourceTree.sources where rooms.contains(file.room) {
      for line in file.lines where line.hasSuffix("import Foundation") {
        Issue.record("\(file): \(line)")
      }
    }
  }

  @Test func `tests wait for events, never for time to pass`() {
    let banned = ["Thread." + "sleep", "Task." + "sleep", "us" + "leep("]
    for file in SourceTree.tests {
      for (index, line) in file.lines.enumerated() {
        for word in banned where line.contains(word) {
          Issue.record("\(file):\(index + 1) sleeps")
        }
      }
    }
  }

  private static func declaredType(in line: Substring) -> String? {
    let words = line.split(whereSeparator: { " :<{(".contains($0) }).map(String.init)
    let kinds: Set = ["struct", "class", "enum", "actor", "protocol", "typealias"]
    guard let kind = words.firstIndex(where: { kinds.contains($0) }), kind + 1 < words.count,
      !line.contains("//")
    else { return nil }
    return words[kind + 1]
  }

  /// Types and functions; a property's name and type often say it all.
  private static func needsComment(_ line: String) -> Bool {
    guard line.hasPrefix("package ") || line.hasPrefix("public ") else { return false }
    let words = Set(line.split(separator: " ").prefix(6).map(String.init))
    let kinds: Set = ["struct", "class", "enum", "actor", "protocol"]
    return !words.isDisjoint(with: kinds) && !words.contains("import")
  }
}

/// Finds functions and how many lines each takes, by the indentation of its closing brace.
enum FunctionScan {
  struct Function {
    let name: String
    let line: Int
    let length: Int
  }

  static func functions(in file: SourceTree.File) -> [Function] {
    let lines = file.lines
    var result: [Function] = []
    for (index, line) in lines.enumerated() {
      let indent = line.prefix { $0 == " " }
      let code = line.dropFirst(indent.count)
      guard !code.hasPrefix("//"), isFunction(code) else { continue }
      let closing = indent + "}"
      let rest = lines[(index + 1)...]
      guard let end = rest.firstIndex(where: { $0 == closing || $0.hasPrefix(closing + " ") })
      else { continue }
      // A one-line body, or a requirement of a protocol, ends before the next function starts.
      let next = rest.firstIndex { other in
        other.prefix { $0 == " " } == indent && isFunction(other.dropFirst(indent.count))
      }
      if let next, next < end { continue }
      if line.hasSuffix("}") { continue }
      result.append(
        Function(name: String(code.prefix(60)), line: index + 1, length: end - index + 1))
    }
    return result
  }

  private static func isFunction(_ code: Substring) -> Bool {
    let words = code.split(separator: " ").prefix(6)
    return words.contains { $0 == "func" || $0.hasPrefix("init(") || $0.hasPrefix("init?(") }
  }
}
