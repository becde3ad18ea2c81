import Testing
import Timing

@testable import LoadGenerator

@Suite struct GeneratorHealthTests {
  private func recording(latency: Int64, lag: Int64) -> LoadRecording {
    var recording = LoadRecording(entries: ["only"])
    for _ in 0..<100 {
      recording.latency.record(latency)
      recording.lag.record(lag)
    }
    return recording
  }

  private func thread(_ share: Double) -> ThreadUsage {
    ThreadUsage(cpuNanoseconds: Int64(share * 1e9), wallNanoseconds: 1_000_000_000)
  }

  @Test func `a generator that keeps up needs no remark`() {
    let health = GeneratorHealth(
      recording(latency: 5_000_000, lag: 50_000), threads: [thread(0.3), thread(0.5)])
    #expect(!health.isBottleneck)
    #expect(health.busiestThreadShare == 0.5)
    #expect(health.cpuNanoseconds == 800_000_000)
    #expect(health.lateShare == 0)
    #expect(health.remarks.isEmpty)
  }

  @Test func `a busy thread is a bottleneck`() {
    let health = GeneratorHealth(recording(latency: 5_000_000, lag: 0), threads: [thread(0.95)])
    #expect(health.isBottleneck)
    #expect(health.remarks.count == 1)
  }

  @Test func `lag counts against the latency it distorts`() {
    let short = GeneratorHealth(recording(latency: 5_000_000, lag: 2_000_000), threads: [])
    #expect(short.isBottleneck)
    #expect(short.lateShare == 1)
    let long = GeneratorHealth(recording(latency: 50_000_000, lag: 2_000_000), threads: [])
    #expect(!long.isBottleneck)
  }

  @Test func `requests without a connection are mentioned, not held against it`() {
    var recording = recording(latency: 5_000_000, lag: 0)
    recording.counts[.unsent] = 3
    let health = GeneratorHealth(recording, threads: [thread(0.1)])
    #expect(!health.isBottleneck)
    #expect(health.remarks.contains { $0.hasPrefix("3 requests") })
  }

  @Test func `of several rounds, one slow generator is enough`() {
    var health = GeneratorHealth(recording(latency: 5_000_000, lag: 0), threads: [thread(0.2)])
    health.merge(
      GeneratorHealth(recording(latency: 5_000_000, lag: 2_000_000), threads: [thread(0.95)]))
    health.merge(GeneratorHealth(recording(latency: 5_000_000, lag: 0), threads: [thread(0.1)]))
    #expect(health.isBottleneck)
    #expect(health.remarks.count == 2)
    #expect(health.busiestThreadShare == 0.95)
    #expect(health.cpuNanoseconds == 1_250_000_000)
    #expect(abs(health.lagP99 - 2_000_000) < 2_000)
  }

  @Test func `nothing measured is judged without trouble`() {
    let health = GeneratorHealth(LoadRecording(), threads: [])
    #expect(!health.isBottleneck)
    #expect(health.busiestThreadShare == 0)
  }
}
