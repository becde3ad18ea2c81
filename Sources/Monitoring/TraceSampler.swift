/// Decides which requests are traced and when traces are written. Pure: no clock, lock or file.
struct TraceSampler: Sendable {
  /// Where collected traces go now.
  enum Flush: Equatable {
    /// Into the next numbered file.
    case numbered([UInt8], traces: Int)
    /// Onto the end of the one file.
    case whole([UInt8], traces: Int)
  }

  /// Buffered bytes at which traces are written although nothing else asks for it.
  static let bufferBytesMax = 1 << 20

  /// In force; `count` runs down as traces are taken.
  private(set) var settings: TraceSettings
  private var seen: UInt64 = 0
  private var inFlight = 0
  private var buffer: [UInt8] = []
  private var buffered = 0

  init(settings: TraceSettings) { self.settings = settings }

  /// Whether any later request could be traced.
  var isActive: Bool { settings.isOn && settings.rate > 0 && settings.count != 0 }

  /// Counts one request; whether it is to be traced, and then ``collect(_:)`` must follow.
  mutating func shouldTrace() -> Bool {
    guard isActive else { return false }
    seen &+= 1
    guard seen % UInt64(settings.rate) == 0 else { return false }
    if settings.count > 0 { settings.count -= 1 }
    inFlight += 1
    return true
  }

  /// Takes one finished trace; what is to be written now.
  mutating func collect(_ trace: [UInt8]) -> Flush? {
    inFlight = max(0, inFlight - 1)
    if buffered > 0 { buffer.append(0x2C) }
    buffer += trace
    buffered += 1
    let isLast = settings.count == 0 && inFlight == 0
    let isFull = settings.logFrequency > 0 && buffered >= Int(settings.logFrequency)
    if isLast || isFull { return .numbered(takeBuffer(), traces: takeCount()) }
    return buffer.count >= Self.bufferBytesMax ? drain() : nil
  }

  /// Everything collected, to be written because the settings change or the server stops.
  mutating func drain() -> Flush? {
    guard buffered > 0 else { return nil }
    return settings.logFrequency > 0
      ? .numbered(takeBuffer(), traces: takeCount()) : .whole(takeBuffer(), traces: takeCount())
  }

  private mutating func takeBuffer() -> [UInt8] {
    defer { buffer = [] }
    return buffer
  }

  private mutating func takeCount() -> Int {
    defer { buffered = 0 }
    return buffered
  }
}
