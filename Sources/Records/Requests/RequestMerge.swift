private import Dispatch
internal import Synchronization

/// Which request goes into the index next.
///
/// A hash belongs to a random page of the index: were each put there with its record, each would
/// cost a page in the log and one in the file. So hashes are noted in the order of their records
/// and, once there are many, sorted and brought to the index a few at a time: then
/// neighbours share a page. Twice as many are brought as come, so that this ends.
struct RequestMerge: Sendable {
  /// A request in the index.
  struct Entry: Sendable, Comparable {
    /// The hash as SQLite keeps and orders it.
    var hash: Int64
    var sequence: Int64

    static func < (one: Entry, other: Entry) -> Bool {
      (one.hash, one.sequence) < (other.hash, other.sequence)
    }
  }

  /// So many are sorted at once: half of what memory knows.
  let runRows: Int
  /// Noted and not in a run, in the order of their records.
  private(set) var noted: [Entry] = []
  /// The run, once it is sorted, and how much of it was brought.
  private var run: [Entry] = []
  private var next = 0
  private var sorting: SortedRun?
  /// Entries that were handed over to be sorted.
  private var runCount = 0
  /// The newest record of the run.
  private(set) var through: Int64 = 0

  init(runRows: Int, noted: [Entry]) {
    self.runRows = max(1, runRows)
    self.noted = noted
  }

  /// Whether a run is under way.
  private var isRunning: Bool { next < runCount }

  /// Notes the requests of a group that was written.
  mutating func note(_ entries: [Entry]) {
    noted.append(contentsOf: entries)
    guard noted.count >= runRows, !isRunning else { return }
    through = noted.last?.sequence ?? 0
    sorting = SortedRun(noted)
    runCount = noted.count
    next = 0
    noted = []
    noted.reserveCapacity(runRows)
  }

  /// What goes along with a group of so many records, and whether it is the rest of the run;
  /// empty while there is nothing to do.
  mutating func step(_ rows: Int) -> (entries: ArraySlice<Entry>, isLast: Bool) {
    // What memory forgets must be in the index by then.
    let isUrgent = isRunning && noted.count + (runCount - next) + 2 * rows >= 2 * runRows
    if let sorted = sorting?.take(waits: isUrgent) {
      run = sorted
      sorting = nil
    }
    guard isRunning, sorting == nil else { return ([], false) }
    let end = isUrgent ? run.count : min(run.count, next + 2 * rows)
    return (run[next..<end], next < end && end == run.count)
  }

  /// The next `count` were brought.
  mutating func advance(_ count: Int) {
    next += count
    if next == runCount { run = [] }
  }
}

/// Entries that are being sorted on another thread: the writer has no time for it.
private final class SortedRun: Sendable {
  private let result = Mutex<[RequestMerge.Entry]?>(nil)
  private let done = DispatchSemaphore(value: 0)

  init(_ entries: [RequestMerge.Entry]) {
    DispatchQueue.global(qos: .utility).async { [self] in
      let sorted = entries.sorted()
      result.withLock { $0 = sorted }
      done.signal()
    }
  }

  func take(waits: Bool) -> [RequestMerge.Entry]? {
    if waits { done.wait() }
    return result.withLock { $0 }
  }
}
