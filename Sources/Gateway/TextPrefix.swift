extension String {
  /// The longest prefix of whole scalars that has at most `most` bytes of UTF-8. A `Character` may
  /// have any number of bytes.
  func prefix(bytes most: Int) -> Substring {
    guard utf8.count > most else { return self[...] }
    var end = utf8.index(startIndex, offsetBy: max(0, most))
    while end > startIndex, end.samePosition(in: unicodeScalars) == nil {
      end = utf8.index(before: end)
    }
    return Substring(unicodeScalars[..<end])
  }
}
