internal import Timing

/// The stages of an answer as the value of the field `server-timing`, in milliseconds.
enum StageTimingField {
  /// For example `decode;dur=0.004, queue;dur=0.120`, and so on.
  static func value(_ stages: StageClock, encodedAt: MonotonicInstant) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(128)
    append("decode", stages.decodeNanoseconds, to: &text)
    append(", queue", stages.queueNanoseconds, to: &text)
    append(", batch", stages.batchWaitNanoseconds, to: &text)
    append(", run", stages.runNanoseconds, to: &text)
    let encode =
      stages.completed == .distantPast ? 0 : max(0, encodedAt.since(stages.completed))
    append(", encode", encode, to: &text)
    return text
  }

  /// Appends a name and a time, in microseconds behind the point.
  private static func append(_ name: StaticString, _ nanoseconds: Int64, to text: inout [UInt8]) {
    name.withUTF8Buffer { unsafe text.append(contentsOf: $0) }
    (";dur=" as StaticString).withUTF8Buffer { unsafe text.append(contentsOf: $0) }
    let microseconds = (max(0, nanoseconds) + 500) / 1_000
    appendDigits(microseconds / 1_000, to: &text)
    text.append(UInt8(ascii: "."))
    let fraction = microseconds % 1_000
    text.append(UInt8(ascii: "0") + UInt8(fraction / 100))
    text.append(UInt8(ascii: "0") + UInt8(fraction / 10 % 10))
    text.append(UInt8(ascii: "0") + UInt8(fraction % 10))
  }

  private static func appendDigits(_ value: Int64, to text: inout [UInt8]) {
    if value >= 10 { appendDigits(value / 10, to: &text) }
    text.append(UInt8(ascii: "0") + UInt8(value % 10))
  }
}
