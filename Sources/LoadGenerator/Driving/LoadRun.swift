package import NIOCore
internal import NIOPosix

/// What one run gave: what the clients saw, and what it took to see it.
package struct LoadMeasurement: Sendable {
  package var recording: LoadRecording
  /// Whether the generator could keep up.
  package var health: GeneratorHealth
  /// What the server's process used; `nil` without a ``ServerProbe``.
  package var server: ServerUsage?
  /// What went on on this machine; `nil` without a ``MachineProbe``.
  package var machine: MachineUsage?
}

/// One measurement: a plan, carried out on event loops against one target.
package struct LoadRun {
  /// Nanoseconds between the word to all threads and the first instant.
  private static let leadNanoseconds: Int64 = 20_000_000

  /// Nanoseconds in which the first connection must open.
  var openingNanosecondsMax: Int64 = 5_000_000_000
  private let plan: LoadPlan
  private let dialer: any LoadDialer
  private let group: (any EventLoopGroup)?
  /// Read at both ends of the measured time and once a second in between.
  package var serverProbe: ServerProbe?
  package var machineProbe: MachineProbe?

  /// - Parameters:
  ///   - group: whose loops send, ``LoadPlan/threads`` of them or as many as there are; `nil` makes
  ///     one for the run.
  package init(plan: LoadPlan, dialer: any LoadDialer, group: (any EventLoopGroup)? = nil) {
    self.plan = plan
    self.dialer = dialer
    self.group = group
  }

  /// Carries the plan out; see ``measure(progress:stop:)``.
  package func run(
    progress: (@Sendable (LoadProgress) -> Void)? = nil, stop: StopSignal = StopSignal()
  ) async throws(LoadFailure) -> LoadRecording {
    try await measure(progress: progress, stop: stop).recording
  }

  /// Opens the connections, sends, waits for the answers. Returns partial results, with
  /// ``LoadRecording/interruption`` set, if `stop` is raised or the target goes away.
  ///
  /// - Parameters:
  ///   - progress: called about once a second, never on an event loop.
  /// - Throws: ``LoadFailure`` if the plan cannot be carried out, or no connection opened within
  ///   5 s.
  package func measure(
    progress: (@Sendable (LoadProgress) -> Void)? = nil, stop: StopSignal = StopSignal()
  ) async throws(LoadFailure) -> LoadMeasurement {
    try check()
    if let group { return try await measure(on: group, progress, stop) }
    let own = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    let result: Result<LoadMeasurement, LoadFailure>
    do throws(LoadFailure) {
      result = .success(try await measure(on: own, progress, stop))
    } catch {
      result = .failure(error)
    }
    // The loops are idle by now: what could fail here changes no result.
    try? await own.shutdownGracefully()
    return try result.get()
  }

  /// Threads that have something to send.
  private var threads: Int {
    switch plan.pacing {
    case .open: max(1, plan.threads)
    case .closed(let concurrency): max(1, min(plan.threads, concurrency))
    }
  }

  private func check() throws(LoadFailure) {
    guard !plan.entries.isEmpty else { throw LoadFailure("the plan has no request to send") }
    for entry in plan.entries {
      guard !entry.requests.isEmpty else {
        throw LoadFailure("'\(entry.name)' has no request to send")
      }
      guard entry.weight > 0, entry.weight.isFinite else {
        throw LoadFailure("the weight of '\(entry.name)' is \(entry.weight); it must be above 0")
      }
    }
    if case .closed(let concurrency) = plan.pacing, concurrency < 1 {
      throw LoadFailure("the concurrency is \(concurrency); it must be at least 1")
    }
  }

  private func measure(
    on group: any EventLoopGroup, _ progress: (@Sendable (LoadProgress) -> Void)?,
    _ stop: StopSignal
  ) async throws(LoadFailure) -> LoadMeasurement {
    let loops = Array(group.makeIterator().prefix(threads))
    let crew = try await WorkerCrew(plan, dialer: dialer, on: loops)
    try await crew.open(within: openingNanosecondsMax, stop: stop)
    let start = Int64(clamping: NIODeadline.now().uptimeNanoseconds) + Self.leadNanoseconds
    let observer = RunObserver(
      crew: crew, plan: plan, startsAt: start, progress: progress, server: serverProbe,
      machine: machineProbe)
    let handler = stop.whenStopped { crew.stop("stopped by the user") }
    let watch = Task { await observer.watch() }
    let reports = await withTaskCancellationHandler {
      await crew.run(from: start)
    } onCancel: {
      stop.stop()
    }
    stop.remove(handler)
    watch.cancel()
    await watch.value
    return measurement(reports)
  }

  private func measurement(_ reports: [WorkerReport]) -> LoadMeasurement {
    var recording = LoadRecording(entries: plan.entries.map(\.name))
    var wordings = ErrorWordings()
    for report in reports {
      recording.merge(report.recording)
      wordings.merge(report.wordings)
    }
    recording.samples = wordings.samples
    let server = serverProbe?.finish()
    return LoadMeasurement(
      recording: recording, health: GeneratorHealth(recording, threads: reports.map(\.usage)),
      server: server, machine: machineProbe?.finish(serverNanoseconds: server?.cpuNanoseconds))
  }
}
