internal import Foundation

extension BenchInputError {
  /// What the decoder says, with the file and the key path it says it of. `isJSON`: whether the
  /// file is known to be whole JSON.
  init(_ error: any Error, file: String, isJSON: Bool) {
    guard let error = error as? DecodingError else {
      self.init("\(file): \(error)")
      return
    }
    let remedy = "the file is damaged or was edited: run the benchmark again"
    switch error {
    case .keyNotFound(let key, let context):
      let path = Self.path(context.codingPath + [key])
      self.init("\(file): '\(path)' is missing; \(remedy)")
    case .valueNotFound(_, let context):
      self.init("\(file): '\(Self.path(context.codingPath))' is null; \(remedy)")
    case .typeMismatch(let type, let context):
      self.init("\(file): '\(Self.path(context.codingPath))' is not a \(type); \(remedy)")
    case .dataCorrupted(let context) where context.codingPath.isEmpty && !isJSON:
      self.init(
        "\(file): this is not JSON, or only part of it\(Self.place(context)); "
          + "give a file that `needletail bench --json FILE` wrote, or run the benchmark again")
    case .dataCorrupted(let context):
      // The decoder gives no path for a number that its type cannot hold.
      let path = Self.path(context.codingPath)
      let cause =
        path.isEmpty
        ? "a number is out of its key's range" : "'\(path)': \(context.debugDescription)"
      self.init("\(file): \(cause); \(remedy)")
    @unknown default:
      self.init("\(file): \(error); \(remedy)")
    }
  }

  /// `histograms.latency.buckets[3]`.
  private static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { text, key in
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }

  /// What the parser says of the place, for example that it is at line 3.
  private static func place(_ context: DecodingError.Context) -> String {
    guard let error = context.underlyingError else { return "" }
    let info = (error as NSError).userInfo["NSDebugDescription"] as? String
    guard let info, !info.isEmpty else { return "" }
    return " (" + info.trimmingSuffix(".") + ")"
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
