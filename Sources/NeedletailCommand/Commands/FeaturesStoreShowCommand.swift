import ArgumentParser
import Definitions
import Features
import Foundation

/// `needletail features show`: the features of a key in a durable store.
struct FeaturesStoreShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Prints the features of a key from a durable store, with status and age.")

  @Option(help: "The file of feature views (YAML).")
  var views: String

  @Option(help: "The folder of the store; no other process may have it open.")
  var store: String

  @Option(help: "The service whose features are printed; needless where there is one.")
  var service: String?

  @Option(help: "FIELD=VALUE of the request, as card=c-17; once for each field that is known.")
  var key: [String] = []

  @Option(help: "The instant asked for (RFC 3339); without it, that of the newest event.")
  var at: String?

  func run() async throws {
    do {
      let definitions = try FeaturesFiles.definitions(views)
      guard FileManager.default.fileExists(atPath: store) else {
        throw ValidationError("--store \(store): there is no such folder")
      }
      let service = try serviceIndex(definitions)
      let request = try request(definitions)
      let start = ContinuousClock.now
      let opened = try FeatureStore.open(definitions, path: store)
      let took = ContinuousClock.now - start
      FeaturesStoreText.report(opened.recovery)
      let newest = definitions.sources.indices.compactMap { opened.newest(source: $0) }.max()
      let time = try instant() ?? newest ?? 0
      var vector = FeatureVector()
      opened.vector(service, request, at: time, into: &vector)
      print(vector, definitions, service)
      for (index, source) in definitions.sources.enumerated() {
        Terminal.complain("\(source.name): \(opened.counts(source: index).accepted) events")
      }
      let seconds = Double(took.components.attoseconds) / 1e18 + Double(took.components.seconds)
      Terminal.complain(
        "opened in \(Self.text(seconds)) s: " + FeaturesStoreText.summary(opened.recovery))
      try opened.close()
    } catch let problem as DefinitionError {
      for problem in problem.problems { Terminal.complain(problem.description) }
      throw ExitCode(1)
    } catch let failure as StoreFailure {
      Terminal.complain(failure.description)
      throw ExitCode(1)
    }
  }

  private func print(_ vector: FeatureVector, _ definitions: FeatureDefinitions, _ service: Int) {
    for (place, slot) in definitions.services[service].slots.enumerated() {
      let status = vector.statuses[place]
      let value = status == .missing ? "-" : "\(vector.values[place])"
      let age = vector.ages[place] < 0 ? "-" : Self.text(Double(vector.ages[place]) / 1e9) + " s"
      Terminal.say("\(definitions.slots[slot].name)\t\(value)\t\(status)\t\(age)")
    }
  }

  private static func text(_ seconds: Double) -> String { "\((seconds * 1000).rounded() / 1000)" }

  private func serviceIndex(_ definitions: FeatureDefinitions) throws -> Int {
    let names = definitions.services.map(\.name).joined(separator: ", ")
    guard !definitions.services.isEmpty else {
      throw ValidationError("\(views) declares no services: add 'services: {NAME: [VIEW.*]}'")
    }
    guard service != nil || definitions.services.count == 1 else {
      throw ValidationError("--service is one of \(names)")
    }
    guard let index = service.map({ definitions.service(named: $0) }) ?? 0 else {
      throw ValidationError("no service is named '\(service ?? "")': there are \(names)")
    }
    return index
  }

  private func instant() throws -> Int64? {
    guard let at else { return nil }
    guard let instant = Instant.parse(at) else {
      throw ValidationError("--at is '\(at)'; write it as 2026-05-01T12:00:00Z")
    }
    return instant
  }

  private func request(_ definitions: FeatureDefinitions) throws -> EventRecord {
    guard let schema = definitions.request else {
      throw ValidationError("\(views) declares no services")
    }
    var record = EventRecord(schema)
    for entry in key {
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let known = schema.fields.map(\.name).joined(separator: ", ")
      guard parts.count == 2, let field = schema.index(of: String(parts[0])) else {
        throw ValidationError("--key \(entry): write FIELD=VALUE with a field of \(known)")
      }
      let text = String(parts[1])
      switch schema.fields[field].typeName {
      case "string": record.set(field, string: text)
      case "int":
        guard let value = Int64(text) else {
          throw ValidationError("--key \(entry): a whole number is expected")
        }
        record.set(field, int: value)
      case "double":
        guard let value = Double(text), value.isFinite else {
          throw ValidationError("--key \(entry): a finite number is expected")
        }
        record.set(field, double: value)
      case "bool":
        guard let value = Bool(text) else {
          throw ValidationError("--key \(entry): true or false is expected")
        }
        record.set(field, bool: value)
      default:
        guard let value = Instant.parse(text) else {
          throw ValidationError("--key \(entry): an instant as 2026-05-01T12:00:00Z is expected")
        }
        record.set(field, int: value)
      }
    }
    return record
  }
}
