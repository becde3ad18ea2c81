/// The declared name that was probably meant.
package enum NearestName {
  /// What to do about an unknown name: the nearest one, or all there are.
  package static func fix(for name: String, among known: [String]) -> String {
    if let near = nearest(to: name, among: known) { return "did you mean '\(near)'?" }
    if known.isEmpty { return "none is declared" }
    let shown = known.prefix(24).joined(separator: ", ")
    return "known here: \(shown)\(known.count > 24 ? ", …" : "")"
  }

  /// The name with the fewest edits (insert, delete, replace, swap of neighbours), if they are at
  /// most 2 or a third of it.
  package static func nearest(to name: String, among known: [String]) -> String? {
    let limit = max(2, name.utf8.count / 3)
    let word = Array(name.utf8.prefix(100))
    var best: (name: String, edits: Int)?
    for candidate in known where candidate != name {
      let edits = edits(word, Array(candidate.utf8.prefix(100)))
      if edits <= limit, edits < best?.edits ?? .max { best = (candidate, edits) }
    }
    return best?.name
  }

  /// Levenshtein's distance, a swap of neighbours counting once, in three rows of the table.
  private static func edits(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var before: [Int] = []
    var row = Array(0...b.count)
    for i in a.indices {
      var next = [i + 1]
      for j in b.indices {
        var cost = min(row[j] + (a[i] == b[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
        next.append(cost)
      }
      before = row
      row = next
    }
    return row[b.count]
  }
}
