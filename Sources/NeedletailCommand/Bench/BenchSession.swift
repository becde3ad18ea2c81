import Foundation
import LoadGenerator

/// A target and the requests for it, ready to be measured any number of times.
struct BenchSession: Sendable {
  let options: TargetOptions
  let target: BenchTarget
  let workload: PreparedWorkload
  /// What is asked, for reports.
  let title: String
  /// What the server calls itself; empty if it does not say.
  let serverName: String
  let stop: StopSignal

  /// Opens the target, prepares the requests, calls `body`, and takes everything down again.
  ///
  /// - Throws: `TargetError`, `BenchInputError` or `StartFailure` for what stands in the way, and
  ///   what `body` throws.
  static func with<Result: Sendable>(
    _ options: TargetOptions, _ workload: WorkloadOptions, seed: UInt64, stop: StopSignal,
    _ body: (BenchSession) async throws -> Result
  ) async throws -> Result {
    if let pid = options.serverPID, ServerProbe(processIdentifier: pid) == nil {
      throw BenchInputError("--server-pid is \(pid), which is no process of this machine")
    }
    // Nothing is measured yet that would be worth a report, and a silent server may take the whole
    // of --timeout; only shared memory must be taken down again.
    let opening = workload.usesSharedMemory ? nil : stop.whenStopped { BenchRunner.leave() }
    return try await BenchTarget.with(options) { target in
      try await PreparedWorkload.with(
        workload, target: target, headers: options.headers, seed: seed
      ) { prepared in
        let session = BenchSession(
          options: options, target: target, workload: prepared, title: workload.title,
          serverName: await target.serverName(), stop: stop)
        if let opening { stop.remove(opening) }
        return try await body(session)
      }
    }
  }

  /// The plan of a load.
  func plan(_ pacing: PacingOptions) -> LoadPlan {
    var plan = LoadPlan(
      pacing: pacing.pacing, entries: workload.entries,
      durationNanoseconds: pacing.durationNanoseconds)
    plan.requestsMax = pacing.requestsMax
    plan.warmUpNanoseconds = pacing.warmUpNanoseconds
    plan.connections = options.connections(for: pacing.pacing)
    plan.connectionsMax = options.connectionsMax
    plan.threads = options.threads
    plan.timeoutNanoseconds = options.timeoutNanoseconds
    plan.seed = pacing.seed
    plan.windowNanoseconds = Self.window(pacing.durationNanoseconds)
    return plan
  }

  /// Short runs get short windows, so that their time line and a comparison of it show something.
  /// All are equally long: a short one at the end would look like a rate that falls.
  static func window(_ duration: Int64) -> Int64 {
    let most: Int64 =
      switch duration {
      case 40_000_000_000...: 1_000_000_000
      case 10_000_000_000...: 250_000_000
      default: 100_000_000
      }
    let count = max(1, (duration + most - 1) / most)
    return max(1, (duration + count - 1) / count)
  }

  /// Carries a plan out.
  func measure(
    _ plan: LoadPlan, progress: (@Sendable (LoadProgress) -> Void)?
  ) async throws(LoadFailure) -> LoadMeasurement {
    var run = LoadRun(plan: plan, dialer: target.dialer, group: target.loadGroup)
    run.serverProbe = serverProbe
    run.machineProbe = MachineProbe()
    return try await run.measure(progress: progress, stop: stop)
  }

  /// A new probe of the server's process; `nil` if it is not on this machine.
  private var serverProbe: ServerProbe? {
    if let pid = options.serverPID { return ServerProbe(processIdentifier: pid) }
    return options.endpoint.flatMap { ServerProbe(endpoint: $0) }
  }

  /// What a run was.
  func description(of plan: LoadPlan, label: String) -> RunDescription {
    var run = RunDescription(
      target: options.url, model: title, load: LoadText.text(plan.pacing),
      durationNanoseconds: plan.durationNanoseconds)
    run.label = label
    run.server = serverName
    run.input = workload.inputText
    switch plan.pacing {
    case .open(let process): run.plannedRate = process.meanRate
    case .closed(let concurrency): run.concurrency = concurrency
    }
    run.warmUpNanoseconds = plan.warmUpNanoseconds
    // As it was recorded, which a long run widens.
    run.windowNanoseconds = plan.boundedWindowNanoseconds
    let deadlines = Set(workload.entries.map(\.deadlineNanoseconds))
    run.deadlineNanoseconds = deadlines.count == 1 ? deadlines.first ?? nil : nil
    run.threads = plan.threads
    run.seed = plan.seed
    run.startedAt = Date().formatted(.iso8601)
    run.command = LoadText.command
    run.version = NeedletailVersion.text
    return run
  }

  /// A measurement as a result, judged.
  func result(
    _ measurement: LoadMeasurement, of plan: LoadPlan, label: String, objectives: [Objective]
  ) -> BenchResult {
    let figures = ObjectiveFigures(
      recording: measurement.recording, durationNanoseconds: plan.durationNanoseconds,
      serverCPUNanoseconds: measurement.server?.cpuNanoseconds,
      serverMemoryPeak: measurement.server?.residentPeak)
    return BenchResult(
      run: description(of: plan, label: label), recording: measurement.recording,
      server: measurement.server.map { ServerFigures($0) },
      machine: measurement.machine.map { MachineFigures($0) },
      generator: GeneratorFigures(measurement.health),
      verdicts: objectives.map { VerdictFigures($0.judge(figures)) })
  }
}
