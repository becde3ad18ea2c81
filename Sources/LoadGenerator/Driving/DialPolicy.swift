/// When the next connection may be tried: at once while the target answers, then after 100 ms,
/// doubling up to 2 s, each cut by up to a half at random so that clients do not come in step.
///
/// A connection counts as a success only when it has brought an answer: a target that accepts and
/// hangs up would otherwise be dialled in a tight loop.
struct DialPolicy {
  /// Nanoseconds of the first wait and of the longest.
  static let delayMin: Int64 = 100_000_000
  static let delayMax: Int64 = 2_000_000_000

  private var failures = 0
  private var random: RandomSource
  /// No dial before this instant, in nanoseconds on the monotonic clock.
  private(set) var notBefore = Int64.min

  /// Whether the last that was heard of the target is a failure.
  var isTroubled: Bool { failures > 0 }

  init(random: RandomSource) { self.random = random }

  /// The target answered a request.
  mutating func succeeded() {
    guard failures > 0 else { return }
    failures = 0
    notBefore = .min
  }

  /// A dial failed, or a connection ended without having answered anything. Failures of dials that
  /// ran at the same time count once.
  mutating func failed(at now: Int64) {
    guard now >= notBefore else { return }
    let whole = min(Self.delayMax, Self.delayMin << Int64(min(failures, 10)))
    failures += 1
    notBefore = now + whole - Int64(random.below(Int(whole / 2)))
  }
}
