extension FigureText {
  /// A round duration in nanoseconds beside an axis: `500 µs`, `2 ms`.
  static func tick(_ nanoseconds: Double) -> String {
    guard nanoseconds > 0 else { return "0" }
    let units = [(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")]
    let unit = units.last { nanoseconds >= $0.0 * 0.999_999 } ?? units[0]
    return "\(short(nanoseconds / unit.0)) \(unit.1)"
  }

  /// A round number beside an axis: `1,500`, `0.5`, `20 M`.
  static func tickCount(_ value: Double) -> String {
    let size = abs(value)
    if size >= 1e9 { return "\(short(value / 1e9)) G" }
    if size >= 1e6 { return "\(short(value / 1e6)) M" }
    return short(value)
  }

  /// As many digits as a round value has, three after the point at most.
  private static func short(_ value: Double) -> String {
    var text = fixed(value, 3)
    guard text.contains(".") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
