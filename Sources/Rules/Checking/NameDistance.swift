/// How far apart two names are, to suggest the one that was meant.
enum NameDistance {
  /// The candidate with the fewest edits, if they are at most a third of the name (and 2).
  static func nearest(to name: String, in candidates: [String]) -> String? {
    let limit = max(2, name.utf8.count / 3)
    var best: (name: String, edits: Int)?
    for candidate in candidates where abs(candidate.utf8.count - name.utf8.count) <= limit {
      let edits = edits(Array(name.utf8), Array(candidate.utf8))
      if edits <= limit, edits < best?.edits ?? .max { best = (candidate, edits) }
    }
    // The same last word under another beginning is meant more often than it is mistyped.
    return best?.name
      ?? candidates.first { $0.split(separator: ".").last == name.split(separator: ".").last }
  }

  /// Levenshtein's distance in one row of the table.
  private static func edits(_ a: [UInt8], _ b: [UInt8]) -> Int {
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
