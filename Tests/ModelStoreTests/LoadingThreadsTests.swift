import ModelStore
import Testing

#if canImport(Glibc)
  import Glibc

  @Suite struct LoadingThreadsTests {
    @Test func `a job after a low one does not inherit its priority`() async {
      let threads = LoadingThreads(limit: 1)
      let usual = await threads.run(.normal) { Self.niceness() }
      await withTaskGroup(of: (LoadingThreads.Priority, Int32).self) { group in
        for index in 0..<40 {
          let priority: LoadingThreads.Priority = index % 2 == 0 ? .low : .normal
          group.addTask {
            (priority, await threads.run(priority) { Self.niceness() })
          }
        }
        for await (priority, nice) in group where priority == .normal {
          #expect(nice == usual)
        }
      }
    }

    /// Of the calling thread.
    private static func niceness() -> Int32 { getpriority(Int32(PRIO_PROCESS.rawValue), 0) }
  }
#endif
