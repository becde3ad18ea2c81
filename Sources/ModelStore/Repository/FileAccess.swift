#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What tells one state of a file from another.
struct FileStamp: Sendable, Hashable {
  var path: String
  var size: Int64
  /// Nanoseconds since 1970.
  var modified: Int64
  /// Changes where another file was moved into the place.
  var identity: UInt64
}

/// The few questions the store asks the file system; all blocking, links followed.
enum FileAccess {
  enum Kind: Sendable, Equatable { case file, directory }

  /// The kind, size and age of what is at `path`; `nil` if there is nothing readable.
  static func status(_ path: String) -> (kind: Kind, stamp: FileStamp)? {
    var info = stat()
    guard unsafe stat(path, &info) == 0 else { return nil }
    #if canImport(Darwin)
      let time = info.st_mtimespec
    #else
      let time = info.st_mtim
    #endif
    let (seconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    let kind: Kind = info.st_mode & S_IFMT == S_IFDIR ? .directory : .file
    let stamp = FileStamp(
      path: path, size: Int64(info.st_size),
      modified: overflow ? Int64(time.tv_sec) : seconds &+ Int64(time.tv_nsec),
      identity: UInt64(info.st_ino))
    return (kind, stamp)
  }

  static func isDirectory(_ path: String) -> Bool { status(path)?.kind == .directory }
  static func isFile(_ path: String) -> Bool { status(path)?.kind == .file }

  /// The names in a folder, sorted; `nil` if it cannot be read.
  static func names(in path: String) -> [String]? {
    (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted()
  }

  /// A file's bytes; `nil` if it cannot be read or is larger than `byteCountMax`.
  static func read(_ path: String, byteCountMax: Int) -> [UInt8]? {
    guard let status = status(path), status.kind == .file, status.stamp.size <= byteCountMax,
      let data = FileManager.default.contents(atPath: path), data.count <= byteCountMax
    else { return nil }
    return [UInt8](data)
  }

  /// The stamps of the files in a folder and the folders below it, in a stable order.
  static func stamps(in path: String, depth: Int = 4, countMax: Int = 10_000) -> [FileStamp] {
    var result: [FileStamp] = []
    for name in names(in: path) ?? [] where result.count < countMax {
      let entry = path + "/" + name
      guard let status = status(entry) else { continue }
      switch status.kind {
      case .file: result.append(status.stamp)
      case .directory where depth > 1:
        result += stamps(in: entry, depth: depth - 1, countMax: countMax - result.count)
      case .directory: break
      }
    }
    return result
  }

  /// Makes a new folder that nobody else uses, and writes `files` (paths inside it) there.
  ///
  /// - Throws: ``StoreError`` of code `unavailable` where the disk refuses.
  static func makeTemporaryFolder(holding files: [String: [UInt8]]) throws(StoreError) -> String {
    let manager = FileManager.default
    let root = manager.temporaryDirectory.path + "/needletail-" + UUID().uuidString
    do {
      for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
        let target = root + "/" + path
        let folder = String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)])
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: target))
      }
    } catch {
      remove(root)
      throw StoreError(
        .unavailable, "the uploaded files could not be written to '\(root)': \(error)")
    }
    return root
  }

  /// Removes a folder and all in it; silent if it is gone.
  static func remove(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
  }
}
