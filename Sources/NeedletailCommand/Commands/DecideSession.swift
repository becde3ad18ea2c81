import Decisions
import Features
import Foundation
import Inference
import Logging
import ModelStore
import NIOCore
import NIOPosix
import Records

/// A pipeline ready to decide in this process: models, features, records and one event loop.
final class DecideSession: Sendable {
  let group: MultiThreadedEventLoopGroup
  private let parts: EngineParts?
  private let models: InferenceEngine
  private let engine: DecisionEngine
  let pipeline: Pipeline
  private let store: RecordStore?
  let ports: NIOLoopBoundBox<Ports?>

  struct Ports {
    let inference: InferencePort
    let decisions: DecisionPort
  }

  private init(
    group: MultiThreadedEventLoopGroup, parts: EngineParts?, models: InferenceEngine,
    engine: DecisionEngine, pipeline: Pipeline, store: RecordStore?
  ) {
    self.group = group
    self.parts = parts
    self.models = models
    self.engine = engine
    self.pipeline = pipeline
    self.store = store
    ports = NIOLoopBoundBox.makeEmptyBox(valueType: Ports.self, eventLoop: group.next())
  }

  /// Loads the models and opens the records.
  ///
  /// - Throws: ``StartFailure``, or what is wrong with the file of records.
  static func open(
    _ definition: PipelineDefinition, models repository: String?, library: String,
    records path: String?
  ) async throws -> DecideSession {
    let quiet = Logger(label: "needletail.decide") { _ in SwiftLogNoOpLogHandler() }
    let store = try path.map { path in
      do throws(RecordFailure) {
        return try RecordStore(path: path)
      } catch {
        throw StartFailure(error.description)
      }
    }
    let engine = DecisionEngine(recorder: store.map { StoreRecorder($0) })
    try engine.serve([definition])
    guard let pipeline = engine.pipeline(named: definition.name) else {
      throw StartFailure("the pipeline '\(definition.name)' is not served")
    }
    var parts: EngineParts?
    if let repository { parts = try await load(repository, library, definition, quiet) }
    let models = parts?.engine ?? InferenceEngine(options: EngineOptions(), logger: quiet)
    let session = DecideSession(
      group: MultiThreadedEventLoopGroup(numberOfThreads: 1), parts: parts, models: models,
      engine: engine, pipeline: pipeline, store: store)
    try await session.onLoop { [models, engine] loop in
      let inference = models.makePort(executor: DecideExecutor(loop))
      session.ports.value = Ports(
        inference: inference, decisions: engine.makePort(on: loop, inference: inference))
    }
    return session
  }

  private static func load(
    _ repository: String, _ library: String, _ definition: PipelineDefinition, _ logger: Logger
  ) async throws -> EngineParts {
    guard FileCheck.isFolder(repository) else {
      throw StartFailure("--model-repository \(repository) is no folder")
    }
    var options = ServerOptions()
    options.modelRepositories = [repository]
    options.onnxRuntimeLibrary = library
    options.modelControlMode = "explicit"
    options.loadModels = Array(Set(definition.tiers.filter(\.asksModel).map(\.model))).sorted()
    let parts = try EngineParts(options: options, logger: logger)
    do throws(StoreError) {
      try await parts.store.start()
    } catch {
      await parts.stop()
      throw StartFailure("\(repository): \(error.message)")
    }
    return parts
  }

  private func onLoop<Result: Sendable>(
    _ body: @escaping @Sendable (any EventLoop) throws -> Result
  ) async throws -> Result {
    let loop = group.next()
    return try await loop.submit { try body(loop) }.get()
  }

  /// What does not fit between tiers and models.
  func modelProblems() async throws -> [String] {
    let (ports, definition) = (ports, pipeline.definition)
    return try await onLoop { _ in
      ports.value.map { definition.modelProblems($0.inference) } ?? []
    }
  }

  /// Reads the files of attributes that the views name; says which records are wrong.
  func loadAttributes(_ definition: PipelineDefinition) throws -> [String] {
    guard let use = definition.features, let features = pipeline.features else { return [] }
    var problems: [String] = []
    let folder = URL(fileURLWithPath: use.path).deletingLastPathComponent()
    for file in use.definitions.attributeFiles {
      let path = file.file.hasPrefix("/") ? file.file : folder.appending(path: file.file).path
      var reader = try FeaturesFiles.reader(path, file.schema)
      var record = EventRecord(file.schema)
      var outcomes: [IngestOutcome] = []
      while true {
        do throws(RecordProblem) {
          guard try reader.next(into: &record) else { break }
        } catch {
          if error.isFinal { throw error }
          problems.append(error.description)
          continue
        }
        try features.update([record], view: file.view, into: &outcomes) { _ in }
      }
    }
    return problems
  }

  /// Decides line after line; each after the one before.
  func run(
    events: String, output: String?, wantsFeatures: Bool
  ) async throws -> DecideSummary {
    let (ports, pipeline, store) = (ports, pipeline, store)
    let loop = group.next()
    let promise = loop.makePromise(of: DecideSummary.self)
    loop.execute {
      guard let port = ports.value?.decisions else {
        return promise.fail(StartFailure("the session is closed"))
      }
      do {
        DecideRun(
          try DecideLines(events), name: events, wantsFeatures: wantsFeatures,
          sink: try DecideSink(output), port: port, pipeline: pipeline,
          store: store, loop: loop, promise: promise
        ).next()
      } catch {
        promise.fail(error)
      }
    }
    return try await promise.futureResult.get()
  }

  /// Ends everything; records that were accepted are written.
  func close() async {
    store?.close()
    let ports = ports
    try? await onLoop { _ in ports.value = nil }
    if let parts { await parts.stop() } else { models.shutDown() }
    try? await group.shutdownGracefully()
  }
}

/// Runs a port's work on its event loop.
private final class DecideExecutor: PortExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func execute(_ work: @escaping @Sendable () -> Void) { loop.execute(work) }
}
