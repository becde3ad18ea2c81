internal import Decisions
internal import Inference
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Decisions inside your own process, without a network: pipelines, features, models and records.
///
/// ```swift
/// let engine = try await NeedletailEngine(
///   EngineConfiguration(
///     pipelines: ["pipeline.yaml"], modelRepositories: ["models"], stateFolder: "state"))
/// let decision = try await engine.decide("card-fraud", ["card": "c-1", "amount": 12.5])
/// await engine.close()
/// ```
///
/// It is the server's engine: the same files, checks, deadlines and durability; docs/embedding.md
/// shows more. Every method may be called from any task or thread. Call ``close()`` at the end:
/// what was accepted is written then.
public final class NeedletailEngine: Sendable {
  let host: DecisionHost
  private let models: ModelHost
  private let group: MultiThreadedEventLoopGroup
  private let doors: [EngineDoor]
  private let next = Atomic<Int>(0)
  private let isClosed = Atomic<Bool>(false)

  /// Loads the models, opens the state and checks everything before anything is decided.
  ///
  /// - Throws: ``EngineFailure`` with everything that is wrong; then nothing is left open.
  public convenience init(_ configuration: EngineConfiguration) async throws(EngineFailure) {
    try await self.init(configuration) { _ in }
  }

  /// The same; `notice` is told on any thread what an operator should know: that state was
  /// recovered, or that a disk fails.
  public init(
    _ configuration: EngineConfiguration, notice: @escaping @Sendable (String) -> Void
  ) async throws(EngineFailure) {
    var options = DecisionHostOptions()
    options.pipelines = configuration.pipelines
    options.stateFolder = configuration.stateFolder
    options.rebuildsFeatures = configuration.rebuildsFeatures
    options.keepsRecordsNanoseconds = configuration.keepsRecords?.nanoseconds
    do throws(DecisionHostFailure) {
      let needed = try DecisionHost.models(of: configuration.pipelines)
      models = try await Self.load(configuration, needed)
      host = try await Self.open(options, models) { notice($0.message) }
    } catch {
      throw EngineFailure(.configuration, error.problems)
    }
    group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.threads))
    var doors: [EngineDoor] = []
    for loop in group.makeIterator() {
      doors.append(await EngineDoor.make(on: loop, host: host, models: models.inference))
    }
    self.doors = doors
  }

  private static func load(
    _ configuration: EngineConfiguration, _ needed: [String]
  ) async throws(DecisionHostFailure) -> ModelHost {
    do throws(EngineFailure) {
      return try await ModelHost(configuration, models: needed)
    } catch {
      throw DecisionHostFailure(problems: error.problems)
    }
  }

  private static func open(
    _ options: DecisionHostOptions, _ models: ModelHost,
    report: @escaping @Sendable (HostNotice) -> Void
  ) async throws(DecisionHostFailure) -> DecisionHost {
    do throws(DecisionHostFailure) {
      return try await DecisionHost.open(options, models: models.inference, report: report)
    } catch {
      await models.stop()
      throw error
    }
  }

  /// The names of the pipelines, sorted.
  public var pipelines: [String] { host.engine.names }

  /// Reads all files again and serves them in place of those before. What is wrong with any leaves
  /// everything as it was.
  ///
  /// - Returns: the pipelines that are new or changed.
  /// - Throws: ``EngineFailure`` with everything that is wrong.
  @discardableResult
  public func reload() async throws(EngineFailure) -> [String] {
    try checkOpen()
    do throws(DecisionHostFailure) {
      return try await host.reload().filter { $0.kind == .added || $0.kind == .changed }
        .map(\.name)
    } catch {
      throw EngineFailure(.configuration, error.problems)
    }
  }

  /// Writes what waits and ends everything. Decisions must have ended; calls after it fail with
  /// ``EngineFailure/Code/closed``.
  public func close() async {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    for door in doors { await door.close() }
    await host.close()
    await models.stop()
    try? await group.shutdownGracefully()
  }

  func checkOpen() throws(EngineFailure) {
    if isClosed.load(ordering: .acquiring) {
      throw EngineFailure(.closed, "the engine is closed")
    }
  }

  /// One thread's way in; they take turns.
  var door: EngineDoor {
    let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return doors[Int(UInt(bitPattern: turn) % UInt(doors.count))]
  }
}

extension Duration {
  /// In nanoseconds; the most that fit for longer ones.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? (seconds < 0 ? .min : .max) : whole &+ attoseconds / 1_000_000_000
  }
}
