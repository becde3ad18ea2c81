import Foundation
import LoadGenerator

/// A load in a few words, for reports.
enum LoadText {
  static func text(_ pacing: LoadPlan.Pacing) -> String {
    switch pacing {
    case .closed(let concurrency): "closed loop, \(concurrency) under way"
    case .open(let process): text(process)
    }
  }

  private static func text(_ process: ArrivalProcess) -> String {
    switch process {
    case .constant(let rate): "constant, \(FigureText.rate(rate))"
    case .poisson(let rate): "poisson, \(FigureText.rate(rate))"
    case .bursts(let base, let peak, let on, let off):
      "bursts of \(FigureText.rate(peak)) for \(seconds(on)) every \(seconds(on + off)), "
        + "\(FigureText.rate(base)) between"
    case .ramp(let from, let to, let over):
      "ramp from \(FigureText.rate(from)) to \(FigureText.rate(to)) over \(seconds(over))"
    case .trace(let offsets, let period, let speed):
      "trace of \(FigureText.count(UInt64(offsets.count))) arrivals"
        + (speed == 1 ? "" : ", \(speed) times as fast") + (period == nil ? "" : ", repeated")
    }
  }

  private static func seconds(_ seconds: Double) -> String {
    FigureText.duration(seconds * 1e9)
  }

  /// The command line of this process, as a shell takes it.
  static var command: String {
    let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_./:=,%@+"))
    return CommandLine.arguments.enumerated().map { index, argument in
      let text = index == 0 ? URL(fileURLWithPath: argument).lastPathComponent : argument
      if !text.isEmpty, text.unicodeScalars.allSatisfy(plain.contains) { return text }
      return "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }
}
