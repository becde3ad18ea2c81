/// Whether text may carry a terminal's colours.
package enum TextStyle: Sendable {
  case plain
  case coloured

  /// Text in the colour of a state; text of a plain style is left as it is.
  func paint(_ text: String, _ state: Headline.State) -> String {
    guard self == .coloured else { return text }
    switch state {
    case .good: return "\u{1B}[1;32m\(text)\u{1B}[0m"
    case .bad: return "\u{1B}[1;31m\(text)\u{1B}[0m"
    case .neutral: return "\u{1B}[1m\(text)\u{1B}[0m"
    }
  }
}
