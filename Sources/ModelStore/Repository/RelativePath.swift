/// Checks of names that come from outside before they become part of a path.
package enum RelativePath {
  /// Whether `path` stays inside the folder it is joined to: relative, without `..`.
  package static func isSafe(_ path: String) -> Bool {
    guard !path.isEmpty, path.utf8.count <= 1024, !path.utf8.contains(0) else { return false }
    return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && part != "." && part != ".."
    }
  }

  /// Why `name` cannot be a model's name; `nil` if it can.
  ///
  /// - Parameter isStrict: also refuse everything but letters, digits, `.`, `_` and `-`.
  package static func modelNameProblem(_ name: String, isStrict: Bool = false) -> String? {
    if name.isEmpty { return "the model name is empty" }
    let shown = ConfigurationNode.cut(name)
    if name.utf8.count > 255 { return "the model name '\(shown)' is longer than 255 bytes" }
    if name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      return "the model name holds a control character"
    }
    if name == "." || name == ".." || name.utf8.contains(UInt8(ascii: "/")) {
      return "the model name '\(shown)' leaves the repository"
    }
    if name.hasPrefix(".") { return "the model name '\(shown)' starts with a dot" }
    let isPlain = name.utf8.allSatisfy {
      TextCursor.isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
    }
    if isStrict, !isPlain {
      return "the model name '\(shown)' has characters other than letters, digits, '.', '_', '-'"
    }
    return nil
  }
}
