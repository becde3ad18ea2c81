internal import COnnxRuntime

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// Where ONNX Runtime's library may lie.
enum OnnxLibraryPlaces {
  /// The names the library goes by, most specific first.
  #if os(macOS)
    static let names = ["libonnxruntime.1.31.1.dylib", "libonnxruntime.dylib"]
  #else
    static let names = ["libonnxruntime.so.1.31.1", "libonnxruntime.so.1", "libonnxruntime.so"]
  #endif

  /// Paths to try in order; a name without a slash is for the system's loader.
  static func candidates(explicit: String?) -> [String] {
    if let explicit { return files(at: explicit) }
    var places: [String] = []
    if let path = unsafe getenv("NEEDLETAIL_ONNXRUNTIME").map({ unsafe String(cString: $0) }),
      !path.isEmpty
    {
      places += files(at: path)
    }
    places += present(in: ".needletail/onnxruntime")
    let program = programDirectory()
    if !program.isEmpty { places += present(in: program) }
    return places + names
  }

  /// The path itself, or the library's names in it if it is a folder.
  private static func files(at path: String) -> [String] {
    guard unsafe onnx_is_directory(path) else { return [slashed(path)] }
    return present(in: path)
  }

  /// The library's names that exist in `folder`; if none does, the first, to be named as missing.
  private static func present(in folder: String) -> [String] {
    let paths = names.map { slashed(folder + "/" + $0) }
    let found = paths.filter { unsafe onnx_is_readable($0) }
    return found.isEmpty ? Array(paths.prefix(1)) : found
  }

  /// A path the loader takes as a path, not as a name to search for.
  private static func slashed(_ path: String) -> String {
    path.contains("/") ? path : "./" + path
  }

  private static func programDirectory() -> String {
    var text = [UInt8](repeating: 0, count: 4096)
    unsafe text.withUnsafeMutableBytes { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { text in
        if let start = text.baseAddress {
          unsafe onnx_program_directory(start, text.count)
        }
      }
    }
    return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
  }
}
