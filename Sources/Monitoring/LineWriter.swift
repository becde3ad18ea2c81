private import Foundation
private import Synchronization

/// Writes lines to a file or the standard error stream from a thread of its own.
///
/// Callers never wait for the disk: a line goes into a bounded buffer, or is dropped and counted
/// when the buffer is full; the count is written as a line of its own when there is room again.
package final class LineWriter: Sendable {
  private struct State {
    var buffer: [UInt8] = []
    var isScheduled = false
    /// Dropped since the last line that said so.
    var unreported: UInt64 = 0
    var dropped: UInt64 = 0
  }

  private let path: String
  private let bufferBytesMax: Int
  private let queue: DispatchQueue
  private let state = Mutex(State())
  /// Touched on `queue` only, but a mutex is what says so to the compiler.
  private let handle: Mutex<FileHandle>

  /// A writer that appends to the file at `path`, or to the standard error stream if it is empty.
  ///
  /// - Throws: ``SettingsError`` if the file cannot be opened for writing.
  package init(path: String, bufferBytesMax: Int = 1 << 20) throws(SettingsError) {
    self.path = path
    self.bufferBytesMax = bufferBytesMax
    queue = DispatchQueue(label: "needletail.lines")
    handle = Mutex(try Self.open(path))
  }

  /// Lines dropped so far because the buffer was full.
  package var dropped: UInt64 { state.withLock { $0.dropped } }

  /// Takes one line with its newline. Any thread; never waits for the disk.
  package func append(_ line: String) {
    let mustSchedule = state.withLock { state -> Bool in
      guard state.buffer.count + line.utf8.count <= bufferBytesMax else {
        state.dropped &+= 1
        state.unreported &+= 1
        return false
      }
      state.buffer.append(contentsOf: line.utf8)
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if mustSchedule { queue.async { [self] in drain() } }
  }

  /// Returns once everything taken before is written.
  package func flush() {
    queue.sync { drain() }
  }

  /// Opens the file again by its name, as after a log rotation. Keeps the old one if that fails.
  ///
  /// - Throws: ``SettingsError`` if the file cannot be opened.
  package func reopen() throws(SettingsError) {
    let fresh = Mutex<FileHandle?>(try Self.open(path))
    queue.sync {
      drain()
      if let opened = fresh.withLock({ $0 }) { handle.withLock { $0 = opened } }
    }
  }

  private func drain() {
    let (bytes, unreported) = state.withLock { state -> ([UInt8], UInt64) in
      state.isScheduled = false
      defer {
        state.buffer = []
        state.unreported = 0
      }
      return (state.buffer, state.unreported)
    }
    var data = Data(bytes)
    if unreported > 0 {
      let line = "\(unreported) log lines dropped: the log is written slower than it is filled\n"
      data.append(contentsOf: line.utf8)
    }
    guard !data.isEmpty else { return }
    // A full disk or a closed pipe must not stop the server, and there is nowhere to say it.
    handle.withLock { handle in try? handle.write(contentsOf: data) }
  }

  private static func open(_ path: String) throws(SettingsError) -> FileHandle {
    if path.isEmpty { return .standardError }
    let descriptor = unsafe Foundation.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw SettingsError("cannot write the log file '\(path)': \(reason)")
    }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }
}
