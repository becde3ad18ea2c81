internal import NIOCore

/// Something that disturbs a server in steps.
package protocol Disturbance: Sendable {
  /// The next step; returns once it is begun.
  func step() async
  /// Gives up what is still under way.
  func stop() async
  /// What happened so far.
  func figures() async -> InterferenceFigures
}

/// A disturbance made of connections; confined to one event loop.
protocol LoopDisturbance: AnyObject {
  var figures: InterferenceFigures { get }
  func step()
  func stop()
}

/// Lets a ``LoopDisturbance`` be driven from anywhere.
struct LoopBoundDisturbance: Disturbance {
  private let body: NIOLoopBound<any LoopDisturbance>
  private let eventLoop: any EventLoop

  /// Makes the body on `eventLoop`.
  init(
    on eventLoop: any EventLoop, _ make: @escaping @Sendable () -> any LoopDisturbance
  ) async throws {
    body = try await eventLoop.submit { NIOLoopBound(make(), eventLoop: eventLoop) }.get()
    self.eventLoop = eventLoop
  }

  func step() async {
    try? await eventLoop.submit { body.value.step() }.get()
  }

  func stop() async {
    try? await eventLoop.submit { body.value.stop() }.get()
  }

  func figures() async -> InterferenceFigures {
    (try? await eventLoop.submit { body.value.figures }.get()) ?? InterferenceFigures(name: "")
  }
}

/// A disturbance that is stepped again and again until it is told to stop.
package struct InterferenceRun: Sendable {
  private let disturbance: any Disturbance
  private let stepping: Task<Void, Never>

  /// Steps at once, and then every `nanoseconds`.
  package init(_ disturbance: any Disturbance, everyNanoseconds nanoseconds: Int64) {
    self.disturbance = disturbance
    stepping = Task {
      while !Task.isCancelled {
        await disturbance.step()
        try? await Task.sleep(for: .nanoseconds(nanoseconds))
      }
    }
  }

  /// Ends it and says what it did.
  package func stop() async -> InterferenceFigures {
    stepping.cancel()
    await stepping.value
    let figures = await disturbance.figures()
    await disturbance.stop()
    return figures
  }
}
