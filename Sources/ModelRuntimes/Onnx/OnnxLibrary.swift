internal import COnnxRuntime
private import Synchronization

/// ONNX Runtime's library in this process, with its one environment. Never unloaded.
@safe
final class OnnxLibrary: @unchecked Sendable {
  // Guarded by: immutability. Every field is a constant, the table and the environment live until
  // the process ends, and ONNX Runtime allows calls with them from any thread.

  /// The table of calls.
  let api: UnsafePointer<OnnxApi>
  /// The environment every session belongs to.
  let environment: OpaquePointer
  /// Says that a tensor's memory is ordinary memory.
  let cpuMemory: OpaquePointer
  /// ONNX Runtime's default allocator.
  let allocator: OpaquePointer
  /// For example `1.31.1`.
  let version: String

  /// The libraries of this process by path; a handful at most.
  private static let opened = Mutex<[String: OnnxLibrary]>([:])

  /// The library at `path`, loaded once however often it is asked for.
  static func open(_ path: String) throws(OnnxError) -> OnnxLibrary {
    try opened.withLock { libraries throws(OnnxError) in
      if let library = libraries[path] { return library }
      let library = try OnnxLibrary(path: path)
      libraries[path] = library
      return library
    }
  }

  private init(path: String) throws(OnnxError) {
    var reason = [UInt8](repeating: 0, count: 1024)
    let found = unsafe reason.withUnsafeMutableBytes { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { text in
        unsafe text.baseAddress.flatMap { unsafe onnx_open(path, $0, text.count) }
      }
    }
    guard let api = unsafe found else {
      let text = String(decoding: reason.prefix { $0 != 0 }, as: UTF8.self)
      throw OnnxError(code: .other, text: text)
    }
    unsafe self.api = unsafe api
    version = unsafe String(cString: api.pointee.version)
    // Errors only: what a model says while it runs comes back with the call that failed.
    unsafe environment = try unsafe Self.made("environment") {
      unsafe api.pointee.create_env(OnnxLogLevel.error, "needletail", $0)
    }
    // 0 and 0: the device's own allocator, the default kind of memory.
    unsafe cpuMemory = try unsafe Self.made("memory description") {
      unsafe api.pointee.create_cpu_memory(0, 0, $0)
    }
    unsafe allocator = try unsafe Self.made("allocator") {
      unsafe api.pointee.get_allocator($0)
    }
  }

  /// What a call writes through its last argument, before there is a library to ask for reasons.
  private static func made(
    _ name: String, _ call: (UnsafeMutablePointer<OpaquePointer?>) -> OnnxOutcome?
  ) throws(OnnxError) -> OpaquePointer {
    var result: OpaquePointer?
    let outcome = unsafe call(&result)
    guard unsafe outcome == nil, let result = unsafe result else {
      throw OnnxError(code: .other, text: "it made no \(name)")
    }
    return unsafe result
  }

  /// The execution providers this library was built with, best first; full names.
  var availableProviders: [String] {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    var count: Int32 = 0
    let outcome = unsafe api.pointee.get_providers(&names, &count)
    guard (try? unsafe check(outcome)) != nil, let names = unsafe names else { return [] }
    let providers = (0..<Int(count)).compactMap { index in
      unsafe names[index].map { unsafe String(cString: $0) }
    }
    try? unsafe check(api.pointee.release_providers(names, count))
    return providers
  }
}

/// ONNX Runtime's log levels.
enum OnnxLogLevel {
  static let error: Int32 = 3
  static let fatal: Int32 = 4
}
