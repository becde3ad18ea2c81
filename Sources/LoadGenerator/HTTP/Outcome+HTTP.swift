extension Outcome {
  /// What an HTTP status says to the one who waits.
  package init(httpStatus status: Int) {
    switch status {
    case 200..<300: self = .ok
    case 429, 503: self = .refused
    case 408, 504: self = .expired
    default: self = .failed
    }
  }
}
