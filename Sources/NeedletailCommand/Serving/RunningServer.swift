import Decisions
import Gateway
import Inference
import Logging
import ModelRuntimes
import ModelStore
import Monitoring
import NIOCore
import NIOPosix
import Timing

/// One server from start to end.
struct RunningServer {
  private let options: ServerOptions
  private let logs: LogControl
  private let traces: TraceControl
  private let logger: Logger
  private let parts: EngineParts
  private let context: ServerContext
  private let group: MultiThreadedEventLoopGroup
  private let listeners: Listeners

  /// Opens the listeners, then loads the models; ready once this returns.
  ///
  /// - Parameter startedAt: when the process began, for the time to ready.
  /// - Throws: ``StartFailure`` in one line: a library, address, file or model that is missing.
  init(options: ServerOptions, startedAt: MonotonicInstant) async throws {
    self.options = options
    do throws(SettingsError) {
      logs = try LogControl(settings: options.log)
      traces = try TraceControl(
        settings: try options.traceSettings(), logger: logs.makeLogger(label: "needletail.trace"))
    } catch {
      throw StartFailure(error.message)
    }
    logger = logs.makeLogger(label: "needletail")
    parts = try EngineParts(options: options, logger: logger)
    context = ServerContext(
      engine: parts.engine, store: parts.store, logs: logs, traces: traces,
      options: options.contextOptions, logger: logger)
    let threads = options.threadCount > 0 ? options.threadCount : System.coreCount
    group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    listeners = try await Listeners(options: options, context: context, group: group)
    try await loadModels()
    let decisions = try await ServedPipelines.open(
      options, models: parts.engine, logger: logs.makeLogger(label: "needletail.decisions"))
    if let decisions { context.serve(decisions) }
    context.markServing()
    listeners.grpc?.readinessChanged()
    let banner = Banner(
      options: options, runtimeVersion: parts.runtime.version, listenerLines: listeners.lines,
      localURL: listeners.localURL, models: try parts.engine.statistics(model: "", version: ""),
      served: parts.engine.servedModels(), failures: await parts.store.failures(),
      pipelineLines: decisions.map { ServedPipelines.lines($0) } ?? [],
      readyMilliseconds: MonotonicInstant.now().since(startedAt) / 1_000_000)
    Terminal.say(banner.text)
  }

  private func loadModels() async throws {
    do throws(StoreError) {
      try await parts.store.start()
    } catch {
      if options.exitsOnError || error.code != .notFound { throw StartFailure(error.message) }
      logger.error("\(error.message)")
    }
    let failures = await parts.store.failures()
    guard !failures.isEmpty, options.exitsOnError else { return }
    let lines = failures.map { failure in
      let version = failure.version.isEmpty ? "" : " version \(failure.version)"
      return "model '\(failure.name)'\(version) cannot be served: \(failure.reason)"
    }
    throw StartFailure(
      (lines + ["start with --exit-on-error=false to serve the others"]).joined(separator: "\n"))
  }

  /// Readiness false at once, serving on for the drain time, then no new requests, those in flight
  /// to their end, and everything unloaded.
  func shutDown() async {
    context.markDraining()
    listeners.grpc?.readinessChanged()
    let drain = options.drainSeconds
    logger.notice("stopping", metadata: ["drain_seconds": "\(drain)"])
    if drain > 0 { try? await Task.sleep(for: .seconds(drain)) }
    let exitTimeout = Int64(options.exitTimeoutSeconds) * 1_000_000_000
    let deadline = MonotonicInstant.now().advanced(byNanoseconds: exitTimeout)
    await listeners.shutDown(withinSeconds: options.exitTimeoutSeconds)
    // What was decided and not yet written is, before anything else ends.
    await context.decisions?.close()
    if await stops(withinNanoseconds: max(0, deadline.since(.now()))) {
      try? await group.shutdownGracefully()
      logger.notice("stopped")
    } else {
      logger.warning(
        "a model still runs after the exit timeout; stopping without it",
        metadata: ["exit_timeout_secs": "\(options.exitTimeoutSeconds)"])
    }
    traces.flush()
    logs.flush()
  }

  /// Unloads everything; `false` if a model still runs when the time is over. A run cannot be
  /// interrupted, so the caller goes on without it and the process takes it along.
  private func stops(withinNanoseconds nanoseconds: Int64) async -> Bool {
    let (ends, end) = AsyncStream.makeStream(of: Bool.self)
    let parts = parts
    Task {
      await parts.stop()
      end.yield(true)
    }
    Task {
      try? await Task.sleep(for: .nanoseconds(nanoseconds))
      end.yield(false)
    }
    for await isStopped in ends { return isStopped }
    return false
  }

  /// Opens the log file again by its name, as after a rotation, and reads the pipelines again.
  func reload() async {
    reopenLog()
    if let decisions = context.decisions {
      await ServedPipelines.reload(decisions, logger: logger)
    }
  }

  private func reopenLog() {
    do throws(SettingsError) {
      try logs.reopen()
    } catch {
      logger.error("\(error.message)")
    }
  }
}
