import ArgumentParser
import Foundation
import LoadGenerator
import UnixSignals

/// Runs one subcommand: signals, errors and the exit status.
enum BenchRunner {
  /// The body returns how the program ends; `nil` is fine.
  typealias Body = @Sendable (StopSignal) async throws -> ExitCode?

  /// Calls `body`; the first SIGINT or SIGTERM raises its stop signal, the second exits at once.
  ///
  /// - Throws: `ExitCode`; every other error has been printed in one line.
  static func run(_ body: Body) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let stop = StopSignal()
    let watching = Task {
      var isStopping = false
      for await _ in signals {
        if isStopping { Foundation.exit(BenchExit.failed.rawValue) }
        isStopping = true
        stop.stop()
      }
    }
    defer { watching.cancel() }
    do {
      if let code = try await body(stop) { throw code }
    } catch let code as ExitCode {
      throw code
    } catch let error as BenchInputError {
      throw complain(error)
    } catch {
      Terminal.complain("needletail bench: \(error)")
      throw BenchExit.failed
    }
  }

  /// Ends the program for a signal that came before there was anything to report.
  static func leave() -> Never {
    Terminal.complain("needletail bench: stopped by the user before the first request")
    Foundation.exit(BenchExit.failed.rawValue)
  }

  /// Flags checked by `resolve`; what is wrong is printed, and the program ends with 64.
  static func checked<Value>(
    _ resolve: () throws(BenchInputError) -> Value
  ) throws -> Value {
    do throws(BenchInputError) {
      return try resolve()
    } catch {
      throw complain(error)
    }
  }

  private static func complain(_ error: BenchInputError) -> ExitCode {
    Terminal.complain("needletail bench: \(error)")
    return BenchExit.usage
  }
}
