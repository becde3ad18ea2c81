internal import NIOCore

/// Decides which request is sent next: entries at random by weight, the requests of one entry in
/// turn. A value of one thread; equal seeds give equal sequences.
struct RequestMix {
  private let requests: [[PreparedRequest]]
  private let byteCounts: [[UInt64]]
  /// The upper end of each entry's part of 0 to 1.
  private let bounds: [Double]
  private var cursors: [Int]
  private var random: RandomSource

  /// The mix of `entries` for thread `share`, which starts at another request than its neighbours.
  init(_ entries: [LoadPlan.Entry], seed: UInt64, share: Int) {
    requests = entries.map(\.requests)
    byteCounts = entries.map { $0.requests.map(\.byteCount) }
    let total = entries.reduce(0) { $0 + $1.weight }
    var sum = 0.0
    bounds = entries.map {
      sum += $0.weight
      return sum / total
    }
    cursors = entries.map { share % $0.requests.count }
    // Streams of their own, apart from those of the arrivals.
    random = RandomSource(seed: seed, stream: 1 << 20 + share)
  }

  /// Which entry comes next, and which of its requests.
  mutating func next() -> (entry: Int, request: Int) {
    var entry = 0
    if bounds.count > 1 {
      let draw = random.unit()
      while entry < bounds.count - 1, draw > bounds[entry] { entry += 1 }
    }
    let request = cursors[entry]
    cursors[entry] = request + 1 == requests[entry].count ? 0 : request + 1
    return (entry, request)
  }

  /// A request that ``next()`` named.
  func request(_ entry: Int, _ request: Int) -> PreparedRequest { requests[entry][request] }

  /// The bytes of a request that ``next()`` named.
  func byteCount(_ entry: Int, _ request: Int) -> UInt64 { byteCounts[entry][request] }
}

extension PreparedRequest {
  /// Bytes that a send of this request puts on the wire, framing of HTTP/2 and TLS left out; 0
  /// inside this process.
  fileprivate var byteCount: UInt64 {
    switch payload {
    case .http(let request): UInt64(request.bytes.readableBytes)
    case .grpc(let request): UInt64(request.message.readableBytes)
    case .inProcess: 0
    }
  }
}
