package import Decisions
internal import Inference
package import NIOCore
internal import Timing

/// What both protocols need of one event loop to decide, to take events in and to read features.
///
/// Confined to its loop.
package final class DecisionDoor {
  package let host: DecisionHost
  package let port: DecisionPort
  /// Count every outcome of `port` here, whether or not the caller is still there.
  package let meter = DecisionMeter()
  package let eventLoop: any EventLoop
  /// Of the request at hand: JSON that a reader wants as an array.
  private var scratch: [UInt8] = []
  private var decoders: [RecordDecoder.Key: RecordDecoder] = [:]
  private let loop: NIOIsolatedEventLoop
  private var turn: MonotonicInstant?

  init(host: DecisionHost, inference: InferencePort, loop: any EventLoop) {
    self.host = host
    port = host.engine.makePort(on: loop, inference: inference)
    eventLoop = loop
    self.loop = loop.assumeIsolated()
  }

  /// When the loop began with what it found readable last, of which the request at hand is a part.
  ///
  /// Whatever is read in one turn was there when the turn began, so budgets count from then: under
  /// overload the last of hundreds has waited for all the others, and must not be taken for fresh.
  func turnStart() -> MonotonicInstant {
    if let turn { return turn }
    let now = MonotonicInstant.now()
    turn = now
    // Comes after all that is read in this turn.
    loop.execute { self.turn = nil }
    return now
  }

  /// Calls `body` with a part of a buffer as an array, whose memory is used again.
  ///
  /// - Parameter range: counted from the buffer's first readable byte.
  package func withArray<Result, Failure: Error>(
    of buffer: ByteBuffer, _ range: Range<Int>,
    _ body: ([UInt8]) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var bytes = scratch
    scratch = []
    bytes.removeAll(keepingCapacity: true)
    let start = buffer.readerIndex + range.lowerBound
    bytes.append(contentsOf: buffer.viewBytes(at: start, length: range.count) ?? ByteBufferView())
    defer { if bytes.capacity <= Self.scratchBytesMax { scratch = bytes } }
    return try body(bytes)
  }

  /// A larger array is not kept.
  private static let scratchBytesMax = 64 << 10

  /// The decoder of a table; made once.
  func decoder(_ table: IntakeTable) -> RecordDecoder {
    let key = RecordDecoder.Key(table)
    if let known = decoders[key] { return known }
    // Those of views that are served no more are not worth telling apart.
    if decoders.count >= 256 { decoders.removeAll() }
    let made = RecordDecoder(table.schema, wanted: table.wanted)
    decoders[key] = made
    return made
  }
}
