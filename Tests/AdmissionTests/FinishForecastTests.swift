import Admission
import Testing
import Timing

@Suite struct FinishForecastTests {
  let now = MonotonicInstant(nanoseconds: 1_000_000_000)
  let service = ServiceTime(fixedNanoseconds: 1_000, perRowNanoseconds: 100)

  @Test func `a request without a deadline is never refused`() {
    let backlog = Backlog(
      runningNanoseconds: 1e12, rowsAhead: 1_000_000, instances: 1, batchRowsMax: 1)
    #expect(
      FinishForecast.refusal(
        rows: 1, deadline: .distantFuture, now: now, backlog: backlog, service: service) == nil)
  }

  @Test func `an idle server admits whatever its own run can finish`() {
    let idle = Backlog(runningNanoseconds: 0, rowsAhead: 0, instances: 1, batchRowsMax: 8)
    let enough = now.advanced(byNanoseconds: 1_100)
    let short = now.advanced(byNanoseconds: 1_099)
    #expect(
      FinishForecast.refusal(
        rows: 1, deadline: enough, now: now, backlog: idle, service: service) == nil)
    #expect(
      FinishForecast.refusal(
        rows: 1, deadline: short, now: now, backlog: idle, service: service) == 0)
  }

  @Test func `the wait counts full batches ahead, shared by the instances`() {
    // 17 rows in batches of 8 are three runs: 3 * 1,000 + 17 * 100 = 4,700.
    let one = Backlog(runningNanoseconds: 300, rowsAhead: 17, instances: 1, batchRowsMax: 8)
    #expect(FinishForecast.wait(one, service) == 5_000)
    let two = Backlog(runningNanoseconds: 300, rowsAhead: 17, instances: 2, batchRowsMax: 8)
    #expect(FinishForecast.wait(two, service) == 2_500)
  }

  @Test func `a refusal says the wait`() {
    let backlog = Backlog(runningNanoseconds: 300, rowsAhead: 17, instances: 1, batchRowsMax: 8)
    let deadline = now.advanced(byNanoseconds: 6_100)
    #expect(
      FinishForecast.refusal(
        rows: 1, deadline: deadline, now: now, backlog: backlog, service: service) == 5_000)
  }

  @Test func `a backlog keeps a margin for the spread of run times`() {
    var spread = service
    spread.deviationNanoseconds = 500
    let backlog = Backlog(runningNanoseconds: 0, rowsAhead: 8, instances: 1, batchRowsMax: 8)
    // Wait 1,800, a full batch of 1,800 as its own run, margin 360 + 2,000.
    let tight = now.advanced(byNanoseconds: 5_959)
    let loose = now.advanced(byNanoseconds: 5_961)
    #expect(
      FinishForecast.refusal(
        rows: 1, deadline: tight, now: now, backlog: backlog, service: spread) == 1_800)
    #expect(
      FinishForecast.refusal(
        rows: 1, deadline: loose, now: now, backlog: backlog, service: spread) == nil)
  }
}
