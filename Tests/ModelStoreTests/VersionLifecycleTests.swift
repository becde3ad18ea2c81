import ModelStore
import Testing

struct VersionLifecycleTests {
  /// Whether every one of `events` is allowed, taken in order.
  private func take(
    _ events: [VersionLifecycle.Event], _ version: inout VersionLifecycle
  ) -> Bool {
    events.allSatisfy { version.handle($0) }
  }

  @Test func `a version loads, serves, reloads, unloads and loads again`() {
    var version = VersionLifecycle()
    #expect(version.indexed.state == .unknown)
    var isAllowed = take([.loadStarted], &version)
    #expect(isAllowed && version.indexed.state == .loading && !version.isServing)
    isAllowed = take([.loadSucceeded, .loadStarted], &version)
    #expect(isAllowed && version.indexed.state == .ready && version.isServing)
    isAllowed = take([.loadSucceeded, .unloadStarted], &version)
    #expect(isAllowed && version.indexed.state == .unloading && !version.isServing)
    isAllowed = take([.released], &version)
    #expect(isAllowed && version.indexed == (.unavailable, "unloaded"))
    isAllowed = take([.loadStarted], &version)
    #expect(isAllowed)
  }

  @Test func `a failed reload keeps serving and shows its reason`() {
    var version = VersionLifecycle()
    let isAllowed = take(
      [.loadStarted, .loadSucceeded, .loadStarted, .loadFailed(reason: "bad file")], &version)
    #expect(isAllowed && version.isServing)
    #expect(version.indexed == (.ready, "bad file"))
  }

  @Test func `a random walk never serves what was not loaded`() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let events: [VersionLifecycle.Event] = [
      .loadStarted, .loadSucceeded, .loadFailed(reason: "no"), .unloadStarted, .released,
    ]
    var version = VersionLifecycle()
    var holds = false
    var isLoading = false
    var isLeaving = false
    for step in 0..<20_000 {
      let event = events[Int.random(in: 0..<events.count, using: &generator)]
      let before = version
      let isAllowed =
        switch event {
        case .loadStarted: !isLoading && !isLeaving
        case .loadSucceeded, .loadFailed: isLoading
        case .unloadStarted: holds && !isLoading
        case .released: isLeaving
        }
      let wasAllowed = version.handle(event)
      #expect(wasAllowed == isAllowed, "seed \(seed), step \(step), \(event)")
      guard isAllowed else {
        #expect(version == before, "seed \(seed), step \(step)")
        continue
      }
      switch event {
      case .loadStarted: isLoading = true
      case .loadSucceeded: (isLoading, holds) = (false, true)
      case .loadFailed: isLoading = false
      case .unloadStarted: (holds, isLeaving) = (false, true)
      case .released: isLeaving = false
      }
      #expect(version.isServing == holds, "seed \(seed), step \(step)")
    }
  }
}
