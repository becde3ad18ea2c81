import ArgumentParser
import Foundation
import Timing
import UnixSignals

/// `needletail serve`: the server, until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves the models of one or more repositories.",
    discussion: """
      SIGTERM or SIGINT: readiness turns false, requests are served for --drain-seconds more, those
      in flight are finished, and the process exits with 0. A second signal exits at once. SIGHUP
      opens the log file again and reads the pipelines again.
      """)

  @OptionGroup var flags: ConfigurationFlags

  func run() async throws {
    let startedAt = MonotonicInstant.now()
    let (options, problems) = flags.resolve()
    guard problems.isEmpty else {
      for problem in problems { Terminal.complain("\(problem)") }
      throw ExitCode(1)
    }
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
    let (orders, orderGiver) = AsyncStream.makeStream(of: ServerOrder.self)
    let watching = Task {
      var isStopping = false
      for await signal in signals {
        if signal == .sighup {
          orderGiver.yield(.reload)
        } else if isStopping {
          Terminal.complain("second signal: exiting at once")
          Foundation.exit(1)
        } else {
          isStopping = true
          orderGiver.yield(.stop)
        }
      }
    }
    defer { watching.cancel() }
    do {
      let server = try await RunningServer(options: options, startedAt: startedAt)
      orders: for await order in orders {
        switch order {
        case .reload: await server.reload()
        case .stop: break orders
        }
      }
      await server.shutDown()
    } catch {
      Terminal.complain("needletail: \(error)")
      throw ExitCode(1)
    }
  }
}

/// What a signal asks of the server.
enum ServerOrder: Sendable {
  case reload
  case stop
}
