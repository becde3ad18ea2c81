/// The declared name that was probably meant.
enum NearestName {
  /// What to do about an unknown name: the nearest one, or all there are.
  static func fix(for name: String, among known: [String]) -> String {
    if let near = nearest(to: name, among: known) { return "did you mean '\(near)'?" }
    if known.isEmpty { return "none is declared" }
    let shown = known.prefix(24).joined(separator: ", ")
    return "known here: \(shown)\(known.count > 24 ? ", …" : "")"
  }

  /// The name with the fewest edits, if they are at most 2 or a third of it.
  static func nearest(to name: String, among known: [String]) -> String? {
    let word = Array(name.utf8.prefix(100))
    let limit = max(2, word.count / 3)
    var best: (name: String, edits: Int)?
    for candidate in known where candidate != name {
      let edits = distance(word, Array(candidate.utf8.prefix(100)))
      if edits <= limit, edits < best?.edits ?? .max { best = (candidate, edits) }
    }
    return best?.name
  }

  /// Levenshtein's distance in one row of the table.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, left) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, right) in b.enumerated() {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (left == right ? 0 : 1))
        diagonal = above
      }
    }
    return row[b.count]
  }
}
