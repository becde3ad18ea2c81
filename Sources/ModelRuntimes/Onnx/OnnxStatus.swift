internal import COnnxRuntime

/// What ONNX Runtime said when a call went wrong.
struct OnnxError: Error, Equatable {
  /// ONNX Runtime's own error codes; those we tell apart.
  enum Code: Equatable {
    case invalidArgument, notImplemented, providerFailed, other
  }

  var code: Code
  /// One line, without source places or stack traces.
  var text: String

  /// The failure to report when a model was being loaded.
  func loading(_ subject: String) -> RuntimeFailure {
    // The runtime names the file as well; once is enough.
    var text = text
    if text.hasPrefix("Load model from "), let end = text.firstRange(of: " failed:")?.upperBound {
      text = String(text[end...])
    }
    return switch code {
    case .notImplemented, .providerFailed: RuntimeFailure(.unsupported, "\(subject): \(text)")
    case .invalidArgument, .other: RuntimeFailure(.invalidModel, "\(subject): \(text)")
    }
  }

  /// The failure to report when a model was being run.
  var running: RuntimeFailure {
    RuntimeFailure(code == .invalidArgument ? .invalidInput : .runFailed, text)
  }
}

extension OnnxLibrary {
  /// Throws if `outcome` is an error, and gives its memory back.
  @inline(__always)
  func check(_ outcome: OnnxOutcome?) throws(OnnxError) {
    if let status = unsafe outcome { throw unsafe read(status) }
  }

  @inline(never)
  private func read(_ status: OpaquePointer) -> OnnxError {
    defer { unsafe api.pointee.release_status(status) }
    let code: OnnxError.Code =
      switch unsafe api.pointee.error_code(status) {
      case 2: .invalidArgument
      case 9: .notImplemented
      case 11: .providerFailed
      default: .other
      }
    let text = unsafe String(cString: api.pointee.error_text(status))
    return OnnxError(code: code, text: OnnxErrorText.oneLine(text))
  }
}

/// Makes ONNX Runtime's error texts fit for a caller.
enum OnnxErrorText {
  /// No message is longer; a hostile model can put megabytes into a name.
  static let characterCountMax = 400

  /// The text on one line, without the runtime's source files and stack traces.
  static func oneLine(_ text: String) -> String {
    var words: [Substring] = []
    var count = 0
    for word in text.split(whereSeparator: { $0.isWhitespace || $0.isASCIIControl }) {
      if word.hasPrefix("Stacktrace:") || count > characterCountMax { break }
      if isSourcePlace(word) { continue }
      words.append(word.prefix(characterCountMax))
      count += word.count + 1
    }
    let line = words.joined(separator: " ")
    if line.isEmpty { return "the runtime gave no reason" }
    return line.count <= characterCountMax ? line : line.prefix(characterCountMax) + "…"
  }

  /// Whether `word` is like `core/graph/model.cc:179`.
  private static func isSourcePlace(_ word: Substring) -> Bool {
    guard let colon = word.lastIndex(of: ":"),
      word[colon...].dropFirst().first?.isWholeNumber == true
    else { return false }
    return word[..<colon].hasSuffix(".cc") || word[..<colon].hasSuffix(".h")
  }
}

extension Character {
  fileprivate var isASCIIControl: Bool { asciiValue.map { $0 < 32 || $0 == 127 } ?? false }
}
