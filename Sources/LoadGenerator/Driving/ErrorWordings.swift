internal import NIOCore

/// Counts the wordings of errors, cheaply: an overloaded server refuses 100,000 times a second.
///
/// Wordings that differ only in numbers are one, told apart by a hash; the text of the first is
/// kept. Only the first few of each outcome are decoded; see ``LoadRecording/samplesMax``.
struct ErrorWordings: Sendable {
  private struct Wording: Sendable {
    var key: UInt64
    var sample: ErrorSample
  }

  /// Bytes of an explanation that are looked at.
  private static let bytesMax = 512

  private var wordings: [Wording] = []

  /// The wordings so far, each with its count.
  var samples: [ErrorSample] { wordings.map(\.sample) }

  /// Counts one error.
  mutating func count(_ outcome: Outcome, status: Int, explanation: ByteBuffer) {
    let key = Self.key(explanation.readableBytesUInt8Span)
    for index in wordings.indices
    where wordings[index].key == key && wordings[index].sample.outcome == outcome
      && wordings[index].sample.status == status
    {
      wordings[index].sample.count += 1
      return
    }
    addUnknown(outcome, status: status, key: key, explanation: explanation)
  }

  /// Adds the wordings of another thread.
  mutating func merge(_ other: ErrorWordings) {
    for wording in other.wordings { add(wording) }
  }

  private mutating func addUnknown(
    _ outcome: Outcome, status: Int, key: UInt64, explanation: ByteBuffer
  ) {
    guard kept(of: outcome) < LoadRecording.samplesMax else {
      let rest = ErrorSample(outcome: outcome, status: status, text: "", count: 1)
      add(Wording(key: Self.emptyKey, sample: rest))
      return
    }
    let length = min(explanation.readableBytes, Self.bytesMax)
    let text = explanation.getString(at: explanation.readerIndex, length: length) ?? ""
    let sample = ErrorSample(outcome: outcome, status: status, text: text, count: 1)
    wordings.append(Wording(key: key, sample: sample))
  }

  private mutating func add(_ wording: Wording) {
    var wording = wording
    let outcome = wording.sample.outcome
    func place() -> Int? {
      wordings.firstIndex {
        $0.key == wording.key && $0.sample.outcome == outcome
          && $0.sample.status == wording.sample.status
      }
    }
    if place() == nil, kept(of: outcome) >= LoadRecording.samplesMax {
      wording.key = Self.emptyKey
      wording.sample.text = ""
    }
    if let known = place() {
      wordings[known].sample.count += wording.sample.count
    } else {
      wordings.append(wording)
    }
  }

  private func kept(of outcome: Outcome) -> Int {
    wordings.count { $0.sample.outcome == outcome && !$0.sample.text.isEmpty }
  }

  /// Whether two texts are one wording: the same but for numbers.
  static func isSame(_ a: String, _ b: String) -> Bool {
    if a == b { return true }
    // A text is never taken for the rest that has none.
    guard !a.isEmpty, !b.isEmpty else { return false }
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    return key(a.span) == key(b.span)
  }

  private static let emptyKey: UInt64 = 0xCBF2_9CE4_8422_2325

  /// FNV-1a over the bytes, with each run of digits taken as one.
  private static func key(_ bytes: Span<UInt8>) -> UInt64 {
    var hash = emptyKey
    var wasDigit = false
    for index in 0..<min(bytes.count, bytesMax) {
      let byte = bytes[index]
      let isDigit = byte >= 0x30 && byte <= 0x39
      defer { wasDigit = isDigit }
      if isDigit, wasDigit { continue }
      hash = (hash ^ UInt64(isDigit ? 0x30 : byte)) &* 0x0000_0100_0000_01B3
    }
    return hash
  }
}
