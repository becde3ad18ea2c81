/// How long something is kept: a whole number and a unit.
enum KeptTime {
  private static let units: [(suffix: String, seconds: Int64)] = [
    ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800),
  ]

  /// Nanoseconds of `90d` and the like, a second to a hundred years; `nil` for any other text.
  static func nanoseconds(_ text: String) -> Int64? {
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }),
      let count = Int64(text.dropLast(unit.suffix.count)), count > 0,
      count <= 100 * 366 * 86_400 / unit.seconds
    else { return nil }
    return count * unit.seconds * 1_000_000_000
  }
}
