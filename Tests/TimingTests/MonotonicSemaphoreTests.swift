import Foundation
import Synchronization
import Testing
import Timing

@Suite struct MonotonicSemaphoreTests {
  @Test func `a signal that came before is taken at once`() {
    let semaphore = MonotonicSemaphore()
    semaphore.signal()
    semaphore.signal()
    semaphore.wait()
    #expect(semaphore.wait(until: .distantPast))
    #expect(!semaphore.wait(until: .distantPast))
  }

  @Test func `an instant ends a wait, not before it comes`() {
    let semaphore = MonotonicSemaphore()
    let until = MonotonicInstant.now().advanced(byNanoseconds: 2_000_000)
    #expect(!semaphore.wait(until: until))
    #expect(MonotonicInstant.now() >= until)
  }

  @Test func `each signal lets exactly one of many threads go`() {
    let semaphore = MonotonicSemaphore()
    let ended = MonotonicSemaphore()
    let taken = Atomic(0)
    let threads = 4
    let rounds = 500
    for number in 0..<threads {
      Thread.detachNewThread {
        for round in 0..<rounds {
          // Some wait for good, some again and again for a moment.
          if (number + round) % 2 == 0 {
            semaphore.wait()
          } else {
            while !semaphore.wait(until: .now().advanced(byNanoseconds: 20_000)) {}
          }
          taken.add(1, ordering: .relaxed)
        }
        ended.signal()
      }
    }
    for _ in 0..<threads * rounds { semaphore.signal() }
    for _ in 0..<threads { ended.wait() }
    #expect(taken.load(ordering: .relaxed) == threads * rounds)
    #expect(!semaphore.wait(until: .distantPast))
  }
}
