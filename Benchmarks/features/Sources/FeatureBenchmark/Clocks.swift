import Foundation

/// Times in nanoseconds, of the wall and of the processor.
enum Clocks {
  static func wall() -> Int64 { read(CLOCK_MONOTONIC) }
  static func thread() -> Int64 { read(CLOCK_THREAD_CPUTIME_ID) }
  static func process() -> Int64 { read(CLOCK_PROCESS_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Resident bytes of this process.
  static func resident() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  static func load() -> String {
    (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))
      .map { String($0.prefix { $0 != " " }) } ?? "?"
  }
}

/// Durations of one kind: percentiles of what was measured, none thrown away.
struct Durations {
  var list: [Int64] = []

  mutating func add(_ nanoseconds: Int64) { list.append(nanoseconds) }

  func text() -> String {
    let sorted = list.sorted()
    guard let last = sorted.last else { return "none" }
    func at(_ share: Double) -> String {
      micro(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))])
    }
    return "p50 \(at(0.5)) p99 \(at(0.99)) p99.9 \(at(0.999)) p99.99 \(at(0.9999)) "
      + "max \(micro(last)) µs (\(sorted.count))"
  }
}

func micro(_ nanoseconds: Int64) -> String {
  String(format: "%.2f", Double(nanoseconds) / 1e3)
}

func rate(_ count: Int, _ nanoseconds: Int64) -> String {
  String(format: "%.0f", Double(count) / (Double(nanoseconds) / 1e9))
}

/// Xorshift: the same walk for the same seed.
struct Walk: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
