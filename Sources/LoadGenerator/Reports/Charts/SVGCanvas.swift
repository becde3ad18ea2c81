/// Builds one picture; colours come from the page's style sheet by class.
struct SVGCanvas: Sendable {
  let width: Double
  let height: Double
  private var body = ""

  init(width: Double = 760, height: Double) {
    self.width = width
    self.height = height
  }

  /// The picture; `description` is what a screen reader says.
  func svg(description: String) -> String {
    """
    <svg viewBox="0 0 \(Self.number(width)) \(Self.number(height))" role="img" \
    aria-label="\(Markup.escape(description))">\(body)</svg>
    """
  }

  /// A straight line.
  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    let n = Self.number
    body +=
      "<line class=\"\(style)\" x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" "
      + "y2=\"\(n(y2))\"/>"
  }

  /// A line through points; fewer than two draw nothing.
  mutating func path(_ points: [(x: Double, y: Double)], _ style: String) {
    guard points.count > 1 else { return }
    let steps = points.enumerated().map { index, point in
      "\(index == 0 ? "M" : "L")\(Self.number(point.x)) \(Self.number(point.y))"
    }
    body += "<path class=\"\(style)\" d=\"\(steps.joined())\"/>"
  }

  /// A rectangle; `title` is shown under the pointer.
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ style: String, title: String? = nil
  ) {
    let n = Self.number
    body +=
      "<rect class=\"\(style)\" x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, width)))\" "
      + "height=\"\(n(max(0, height)))\"\(Self.end("rect", title))"
  }

  /// A dot; `title` is shown under the pointer.
  mutating func dot(_ x: Double, _ y: Double, radius: Double = 3, _ style: String, title: String) {
    let n = Self.number
    body +=
      "<circle class=\"\(style)\" cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\""
      + Self.end("circle", title)
  }

  /// Where a text begins, has its middle, or ends.
  enum Anchor: String {
    case start
    case middle
    case end
  }

  /// A text.
  mutating func text(
    _ text: String, _ x: Double, _ y: Double, _ anchor: Anchor, _ style: String = "t"
  ) {
    body +=
      "<text class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" "
      + "text-anchor=\"\(anchor.rawValue)\">\(Markup.escape(text))</text>"
  }

  private static func end(_ tag: String, _ title: String?) -> String {
    guard let title else { return "/>" }
    return "><title>\(Markup.escape(title))</title></\(tag)>"
  }

  /// A tenth of a unit is finer than any screen shows.
  private static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e7 else { return "0" }
    let tenths = Int((value * 10).rounded())
    if tenths % 10 == 0 { return String(tenths / 10) }
    return (tenths < 0 ? "-" : "") + "\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}
