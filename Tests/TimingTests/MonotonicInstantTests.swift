import Testing
import Timing

@Suite struct MonotonicInstantTests {
  @Test func `the clock never goes back`() {
    var previous = MonotonicInstant.now()
    for _ in 0..<1_000 {
      let now = MonotonicInstant.now()
      #expect(now >= previous)
      previous = now
    }
  }

  @Test func `an instant beyond the far end is the distant future`() {
    let late = MonotonicInstant(nanoseconds: .max - 5)
    #expect(late.advanced(byNanoseconds: 10) == .distantFuture)
    #expect(late.advanced(byNanoseconds: 5) == .distantFuture)
    #expect(MonotonicInstant(nanoseconds: 5).advanced(byNanoseconds: 10).nanoseconds == 15)
  }

  @Test func `the time since a later instant is negative`() {
    let early = MonotonicInstant(nanoseconds: 100)
    let late = MonotonicInstant(nanoseconds: 350)
    #expect(late.since(early) == 250)
    #expect(early.since(late) == -250)
  }

  @Test func `a stage that was not reached took no time`() {
    var clock = StageClock(received: MonotonicInstant(nanoseconds: 1_000))
    #expect(clock.decodeNanoseconds == 0)
    #expect(clock.queueNanoseconds == 0)
    clock.decoded = MonotonicInstant(nanoseconds: 1_500)
    clock.enqueued = MonotonicInstant(nanoseconds: 1_600)
    #expect(clock.decodeNanoseconds == 500)
    #expect(clock.queueNanoseconds == 0)
    #expect(clock.runNanoseconds == 0)
  }

  @Test func `waiting for company is not counted as queueing`() {
    var clock = StageClock(received: MonotonicInstant(nanoseconds: 1_000))
    clock.enqueued = MonotonicInstant(nanoseconds: 2_000)
    clock.dispatched = MonotonicInstant(nanoseconds: 9_000)
    clock.batchWaitNanoseconds = 3_000
    #expect(clock.queueNanoseconds == 4_000)
    clock.batchWaitNanoseconds = 8_000
    #expect(clock.queueNanoseconds == 0)
  }
}
