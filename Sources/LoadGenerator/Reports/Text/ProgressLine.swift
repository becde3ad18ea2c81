/// The line that a run shows of itself.
package enum ProgressLine {
  /// A lag of the generator below this, in nanoseconds, is no news.
  private static let lagShown: Int64 = 100_000

  /// The figures in at most `width` columns.
  package static func text(_ figures: LoadProgress, width: Int = 100) -> String {
    var parts: [String] = []
    if figures.elapsedNanoseconds < 0 {
      parts.append("warm-up \(FigureText.duration(-figures.elapsedNanoseconds)) left")
    } else {
      parts.append(
        "\(seconds(figures.elapsedNanoseconds))/\(seconds(figures.plannedNanoseconds)) s")
    }
    parts.append("\(FigureText.count(figures.counts.offered)) due")
    parts.append(FigureText.rate(figures.windowRate))
    parts.append(
      "p50 \(FigureText.duration(figures.windowP50)) p99 \(FigureText.duration(figures.windowP99)) "
        + "max \(FigureText.duration(figures.windowMax))")
    for outcome in Outcome.allCases where outcome != .ok && figures.counts[outcome] > 0 {
      parts.append("\(FigureText.count(figures.counts[outcome])) \(outcome.name)")
    }
    if figures.lagP99 >= lagShown { parts.append("lag \(FigureText.duration(figures.lagP99))") }
    return TextLayout.clip(parts.joined(separator: "  "), width)
  }

  /// The line as a terminal gets it: over the one before, whose rest is erased.
  package static func rewritten(_ figures: LoadProgress, width: Int = 100) -> String {
    // One column less: a terminal that is exactly as wide would otherwise begin a new line.
    "\r" + text(figures, width: min(100, max(20, width)) - 1) + "\u{1B}[K"
  }

  /// Clears what ``rewritten(_:width:)`` left.
  package static let erased = "\r\u{1B}[K"

  private static func seconds(_ nanoseconds: Int64) -> String {
    FigureText.fixed(Double(nanoseconds) / 1e9, 0)
  }
}
