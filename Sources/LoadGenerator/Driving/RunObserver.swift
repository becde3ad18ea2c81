internal import NIOCore
internal import Timing

/// Looks at a run once a second: reports its progress and reads the probes. Away from the event
/// loops, so that a slow terminal does not delay a send.
struct RunObserver: Sendable {
  let crew: WorkerCrew
  let plan: LoadPlan
  /// Nanoseconds of the loops' clock.
  let startsAt: Int64
  let progress: (@Sendable (LoadProgress) -> Void)?
  let server: ServerProbe?
  let machine: MachineProbe?

  /// Returns when its task is cancelled.
  func watch() async {
    let measuresFrom = startsAt + max(0, plan.warmUpNanoseconds)
    var last = startsAt
    var hasBegun = false
    while !Task.isCancelled {
      let now = MonotonicInstant.now().nanoseconds
      if !hasBegun, now >= measuresFrom {
        hasBegun = true
        server?.start()
        machine?.start()
      } else if now - last >= 1_000_000_000 {
        server?.sample()
        await report(now, since: last, measuresFrom)
        last = now
      }
      var next = last + 1_000_000_000
      if !hasBegun { next = min(next, measuresFrom) }
      try? await Task.sleep(for: .nanoseconds(max(100_000, next - now)))
    }
  }

  private func report(_ now: Int64, since last: Int64, _ measuresFrom: Int64) async {
    guard let progress, let state = await crew.progress(), !Task.isCancelled else { return }
    let latency = state.recent.latency
    progress(
      LoadProgress(
        elapsedNanoseconds: now - measuresFrom, plannedNanoseconds: plan.durationNanoseconds,
        counts: state.counts, windowRate: Double(latency.count) * 1e9 / Double(now - last),
        windowP50: latency.quantile(0.5), windowP99: latency.quantile(0.99),
        windowMax: latency.max, lagP99: state.recent.lag.quantile(0.99),
        underWay: state.underWay))
  }
}
