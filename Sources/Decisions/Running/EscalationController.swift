/// Holds the share of requests that go on to the next tier at its target, by narrowing the band of
/// scores that go on.
///
/// At the start the band follows what was seen: after every so many requests it becomes the one in
/// which the target lies if scores are spread as those so far. From then on an integral controller:
/// once an interval the band moves by the gain times the difference between target and share. It
/// rests while the difference is small. A value without a clock: monotonic nanoseconds come in.
package struct EscalationController: Sendable {
  /// Nanoseconds over which the cap is kept.
  private static let capWindow: Int64 = 10_000_000_000
  /// Estimates before the integral controller takes over.
  private static let estimatesMax = 40

  package let definition: EscalationDefinition
  /// The part of the declared band that goes on, 0 to 1.
  package private(set) var band = 1.0
  private var recent = RollingCounts(window: capWindow)
  private var interval = RollingCounts.Counts()
  private var intervalEnd = Int64.min
  private var isCorrecting = false
  /// Whether the request at hand would have gone on but for the cap.
  private var isCapped = false
  private var estimates = 0
  /// Since the start: what would go on, and the parts of the declared band it was let through.
  private var wanted = 0.0
  private var exposed = 0.0

  package init(_ definition: EscalationDefinition) { self.definition = definition }

  /// The share of the last ten seconds; 0 before anything was scored.
  package var share: Double {
    recent.total.all == 0 ? 0 : Double(recent.total.first) / Double(recent.total.all)
  }

  /// Whether one more may go on without exceeding the cap.
  package mutating func allows(now: Int64) -> Bool {
    recent.advance(to: now)
    let total = recent.total
    // What one request does to a handful says nothing about the share.
    let all = Double(max(total.all + 1, definition.requestsMin))
    isCapped = Double(total.first + 1) > definition.cap * all
    return !isCapped
  }

  /// Counts one scored request, and whether it went on; `wanted` says that it was to, and that the
  /// next tier did not take it.
  package mutating func note(escalated: Bool, wanted: Bool = false, now: Int64) {
    let counts = RollingCounts.Counts(all: 1, first: escalated ? 1 : 0)
    recent.add(counts, now: now)
    // Neither the cap nor a tier that is down is a reason to widen the band.
    interval += .init(all: 1, first: escalated || wanted || isCapped ? 1 : 0)
    isCapped = false
    if estimates < Self.estimatesMax { return estimate(now: now) }
    guard now >= intervalEnd, interval.all >= definition.requestsMin else { return }
    correct(by: definition.target - Double(interval.first) / Double(interval.all))
    interval = .init()
    intervalEnd = now + definition.interval
  }

  /// Sets the band by all that was seen since the start.
  private mutating func estimate(now: Int64) {
    guard interval.all >= definition.requestsMin else { return }
    estimates += 1
    wanted += Double(interval.first)
    exposed += Double(interval.all) * band
    if wanted > 0 { band = min(1, definition.target * exposed / wanted) }
    interval = .init()
    intervalEnd = now + definition.interval
  }

  private mutating func correct(by difference: Double) {
    // Once it moves it goes on to near the target, so that it does not hang at the edge.
    let rest = isCorrecting ? definition.hysteresis / 4 : definition.hysteresis
    isCorrecting = abs(difference) > rest
    if isCorrecting { band = min(1, max(0, band + definition.gain * difference)) }
  }
}
