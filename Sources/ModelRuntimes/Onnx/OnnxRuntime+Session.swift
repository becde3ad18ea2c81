internal import COnnxRuntime

extension OnnxRuntime {
  /// Makes a session as the options ask.
  func makeSession(_ options: LoadOptions) throws(RuntimeFailure) -> OnnxSession {
    let subject = Self.subject(of: options)
    let settings: OnnxSessionOptions
    do throws(OnnxError) {
      settings = try OnnxSessionOptions(library: library)
      try apply(options, to: settings)
    } catch {
      throw RuntimeFailure(.unsupported, "\(subject): session options: \(error.text)")
    }
    try addOperators(options.customOperatorLibraries, to: settings, subject: subject)
    for provider in options.executionProviders {
      try add(provider, to: settings, subject: subject)
    }
    var made: OpaquePointer?
    do throws(OnnxError) {
      try unsafe create(options.source, settings, into: &made)
    } catch {
      throw error.loading(subject)
    }
    guard let made = unsafe made else {
      throw RuntimeFailure(.invalidModel, "\(subject): the runtime made no session")
    }
    return unsafe OnnxSession(library: library, pointer: made)
  }

  private func create(
    _ source: LoadOptions.Source, _ settings: OnnxSessionOptions,
    into session: inout OpaquePointer?
  ) throws(OnnxError) {
    let library = library
    let api = unsafe library.api
    switch source {
    case .file(let path):
      guard !path.utf8.contains(0) else {
        throw OnnxError(code: .other, text: "its path holds a zero byte")
      }
      guard unsafe onnx_is_readable(path) else {
        throw OnnxError(code: .other, text: "there is no readable file")
      }
      guard !(unsafe onnx_is_directory(path)) else {
        throw OnnxError(code: .other, text: "it is a folder; name the model file inside it")
      }
      try unsafe library.check(
        api.pointee.create_session(
          library.environment, path, settings.pointer, &session))
    case .bytes(let bytes):
      guard !bytes.isEmpty else { throw OnnxError(code: .other, text: "it is empty") }
      let outcome = unsafe bytes.withUnsafeBytes { bytes -> OnnxOutcome? in
        guard let start = bytes.baseAddress else { return nil }
        return unsafe api.pointee.create_session_from_bytes(
          library.environment, start, bytes.count, settings.pointer, &session)
      }
      try unsafe library.check(outcome)
    }
  }

  private func apply(
    _ options: LoadOptions, to settings: OnnxSessionOptions
  ) throws(OnnxError) {
    let library = library
    let api = unsafe library.api
    let pointer = unsafe settings.pointer
    // What goes wrong in a run comes back as that call's error; printing it again would let
    // anybody who sends bad requests fill the log.
    try unsafe library.check(api.pointee.set_log_level(pointer, OnnxLogLevel.fatal))
    try unsafe library.check(
      api.pointee.set_graph_optimization(pointer, options.graphOptimization.level))
    // A pattern is kept for every combination of shapes ever seen, and callers choose the
    // shapes: memory without a bound, for a saving that one arena gives as well.
    if options.sessionEntries[MemoryEntry.pattern] != "1" {
      try unsafe library.check(api.pointee.disable_memory_pattern(pointer))
    }
    if options.sessionEntries[MemoryEntry.arena] == "0" {
      try unsafe library.check(api.pointee.disable_arena(pointer))
    }
    let threads = Self.threads(options)
    if threads != 0 {
      try unsafe library.check(api.pointee.set_intra_threads(pointer, Int32(clamping: threads)))
    }
    // Waiting threads sleep: spinning ones take the processor from the server.
    if threads != 1 { try settings.add(entry: "session.intra_op.allow_spinning", "0") }
    if options.interOpThreads != 1 {
      try unsafe library.check(api.pointee.set_execution_mode(pointer, 1))
      try unsafe library.check(
        api.pointee.set_inter_threads(pointer, Int32(clamping: options.interOpThreads)))
      try settings.add(entry: "session.inter_op.allow_spinning", "0")
    }
    if let affinity = try Self.affinity(options.intraOpAffinity, threads: threads) {
      try settings.add(entry: "session.intra_op_thread_affinities", affinity)
    }
    for (key, value) in options.sessionEntries.sorted(by: { $0.key < $1.key })
    where !MemoryEntry.all.contains(key) {
      try settings.add(entry: key, value)
    }
  }

  /// Threads inside a run. If the runtime may choose but is told where to run, one on each of
  /// those CPUs and the caller's own.
  private static func threads(_ options: LoadOptions) -> Int {
    if options.intraOpThreads == 0, !options.intraOpAffinity.isEmpty {
      return options.intraOpAffinity.count + 1
    }
    return max(0, options.intraOpThreads)
  }

  /// The runtime's form: a CPU for each extra thread, counted from 1.
  private static func affinity(_ cpus: [Int], threads: Int) throws(OnnxError) -> String? {
    guard !cpus.isEmpty, threads > 1 else { return nil }
    guard cpus.allSatisfy({ (0..<65_536).contains($0) }) else {
      throw OnnxError(code: .invalidArgument, text: "CPU indexes \(cpus): each is at least 0")
    }
    return (0..<threads - 1).map { String(cpus[$0 % cpus.count] + 1) }.joined(separator: ";")
  }

  private func addOperators(
    _ libraries: [String], to settings: OnnxSessionOptions, subject: String
  ) throws(RuntimeFailure) {
    for path in libraries {
      do throws(OnnxError) {
        try unsafe library.check(
          library.api.pointee.register_operators(settings.pointer, path))
      } catch {
        throw RuntimeFailure(
          .unsupported, "\(subject): custom operator library \(path): \(error.text)")
      }
    }
  }
}

extension LoadOptions.GraphOptimization {
  /// The runtime's number for it.
  fileprivate var level: Int32 {
    switch self {
    case .none: 0
    case .basic: 1
    case .extended: 2
    case .all: 99
    }
  }
}

/// Entries that configurations give beside the runtime's own, and that are calls of their own.
private enum MemoryEntry {
  /// `0` makes each run allocate from the system.
  static let arena = "enable_mem_arena"
  /// `1` lets the runtime remember one memory plan for each combination of shapes.
  static let pattern = "enable_mem_pattern"
  /// Taken and left alone: the arena keeps what it has.
  static let shrinkage = "memory.enable_memory_arena_shrinkage"
  static let all = [arena, pattern, shrinkage]
}
