/// A page in Prometheus' text format, built family by family.
struct MetricsPage {
  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var text = ""
  private var name = ""
  private var pendingHeader = ""

  init() { text.reserveCapacity(16_384) }

  /// Starts a family; samples follow. A family without samples leaves no trace.
  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    pendingHeader = "# HELP \(name) \(Self.escapedHelp(help))\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// One sample; `labels` are written as they come, so escape values with ``label(_:_:)``.
  mutating func sample(_ labels: String, suffix: String = "", _ value: String) {
    text += pendingHeader
    pendingHeader = ""
    text += name
    text += suffix
    if !labels.isEmpty { text += "{\(labels)}" }
    text += " "
    text += value
    text += "\n"
  }

  mutating func sample(_ labels: String, _ value: UInt64) { sample(labels, "\(value)") }

  mutating func sample(_ labels: String, _ value: Int) { sample(labels, "\(value)") }

  mutating func sample(_ labels: String, _ value: Double) { sample(labels, Self.number(value)) }

  /// The samples of one histogram: cumulative `counts` at `boundaries`, and all of them.
  mutating func histogram(
    _ labels: String, boundaries: [String], counts: [UInt64], count: UInt64, sum: String
  ) {
    let comma = labels.isEmpty ? "" : ","
    for (boundary, seen) in zip(boundaries, counts) {
      sample("\(labels)\(comma)le=\"\(boundary)\"", suffix: "_bucket", "\(seen)")
    }
    sample("\(labels)\(comma)le=\"+Inf\"", suffix: "_bucket", "\(count)")
    sample(labels, suffix: "_sum", sum)
    sample(labels, suffix: "_count", "\(count)")
  }

  /// `name="value"` with the value escaped.
  static func label(_ name: String, _ value: String) -> String {
    var escaped = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return "\(name)=\"\(escaped)\""
  }

  /// A number as the format spells it.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }

  private static func escapedHelp(_ help: String) -> String {
    var escaped = ""
    for character in help.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}
