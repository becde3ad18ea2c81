import ArgumentParser
import Definitions
import Features
import Foundation

/// `needletail features`: checks files of feature views and writes training sets from them.
struct FeaturesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "features",
    abstract: "Checks feature views, writes training sets and keeps a durable store of features.",
    subcommands: [
      FeaturesCheckCommand.self, FeaturesBackfillCommand.self, FeaturesStoreIngestCommand.self,
      FeaturesStoreShowCommand.self,
    ])
}

/// `needletail features check FILE`.
struct FeaturesCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Reports every error of a file of feature views.")

  @Argument(help: "The file of feature views (YAML).")
  var file: String

  @Flag(help: "Also print every feature of every service, in the order of its vector.")
  var list = false

  func run() async throws {
    do throws(DefinitionError) {
      let definitions = try FeaturesFiles.definitions(file)
      Terminal.say(
        "OK: \(file), \(Self.count(definitions.sources.count, "source")), "
          + "\(Self.count(definitions.views.count, "view")), "
          + "\(Self.count(definitions.services.count, "service")), digest \(definitions.digest)")
      for service in definitions.services {
        Terminal.say("\(service.name): \(Self.count(service.slots.count, "feature"))")
        guard list else { continue }
        for (place, slot) in service.slots.enumerated() {
          let read = definitions.slots[slot]
          let mark = read.isNullable ? ", may be missing" : ""
          Terminal.say("  \(place) \(read.name): \(read.typeName)\(mark)")
        }
      }
    } catch {
      for problem in error.problems { Terminal.say(problem.description) }
      Terminal.say(Self.count(error.problems.count, "problem"))
      throw ExitCode(1)
    }
  }

  private static func count(_ number: Int, _ what: String) -> String {
    "\(number) \(what)\(number == 1 ? "" : "s")"
  }
}
