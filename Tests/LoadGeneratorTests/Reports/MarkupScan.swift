/// Walks a page tag by tag: enough to see whether every tag is closed in its order.
struct MarkupScan {
  private(set) var problems: [String] = []
  private(set) var tags: [String: Int] = [:]
  /// Names of attributes, and their values.
  private(set) var attributes: [(name: String, value: String)] = []

  private static let empty: Set = ["meta", "!doctype", "br", "hr", "img", "link"]

  init(_ page: String) {
    var open: [String] = []
    var rest = page[...]
    while let start = rest.firstIndex(of: "<") {
      let text = rest[..<start]
      // Style sheets hold '>' legally; text must not.
      if open.last != "style", text.contains(">") {
        problems.append("stray '>' in \(text.suffix(40))")
      }
      guard let end = Self.end(of: rest[start...]) else {
        problems.append("a tag is not ended: \(rest[start...].prefix(40))")
        return
      }
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.first == "/" {
        let name = tag.dropFirst().lowercased()
        if open.popLast() != name { problems.append("'</\(name)>' closes another tag") }
        continue
      }
      let name = tag.prefix { !" \n/".contains($0) }.lowercased()
      tags[name, default: 0] += 1
      readAttributes(tag.dropFirst(name.count))
      if tag.last != "/", !Self.empty.contains(name) { open.append(name) }
    }
    if !open.isEmpty { problems.append("left open: \(open)") }
  }

  /// The tag's '>', outside quotes.
  private static func end(of text: Substring) -> Substring.Index? {
    var isQuoted = false
    for index in text.indices {
      if text[index] == "\"" { isQuoted.toggle() }
      if text[index] == ">", !isQuoted { return index }
    }
    return nil
  }

  private mutating func readAttributes(_ text: Substring) {
    var rest = text
    while let equals = rest.range(of: "=\"") {
      let name = rest[..<equals.lowerBound].split(whereSeparator: \.isWhitespace).last ?? ""
      rest = rest[equals.upperBound...]
      guard let quote = rest.firstIndex(of: "\"") else {
        problems.append("an attribute's quote is not closed: \(text.prefix(60))")
        return
      }
      attributes.append((String(name), String(rest[..<quote])))
      rest = rest[rest.index(after: quote)...]
    }
  }
}

extension Substring {
  /// The first place of a text.
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      formIndex(after: &start)
    }
    return nil
  }
}
