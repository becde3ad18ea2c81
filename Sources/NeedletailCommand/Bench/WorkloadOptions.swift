import Foundation
import LoadGenerator

/// ``WorkloadFlags``, checked: what is sent, before any model has been looked at.
struct WorkloadOptions: Sendable, Equatable {
  /// At least one.
  var entries: [MixEntry]
  var usesJSON = false
  var usesSharedMemory = false
  var outputSharedMemoryBytes = 102_400
  /// Different random requests; `nil` chooses by their size.
  var inputsCount: Int?
  /// Whether deadlines go to the server; otherwise they count here only.
  var sendsDeadline = true

  /// The entries' names, for a title.
  var title: String { entries.map(\.name).joined(separator: " + ") }
}

extension WorkloadFlags {
  /// The flags with every check; reads the mix file.
  func resolve(
    wire: TargetEndpoint.Wire?
  ) throws(BenchInputError) -> WorkloadOptions {
    try checkSubject()
    if !["binary", "json"].contains(form) {
      throw BenchInputError("--form is '\(form)'; use binary or json")
    }
    if form == "json", wire != .http {
      throw BenchInputError("--form json is for HTTP; leave it out, or use an http:// URL")
    }
    if path != nil, wire != .http {
      throw BenchInputError("--path '\(path ?? "")' is for HTTP; use an http:// URL")
    }
    _ = try FlagCheck.choice(sharedMemory, "--shared-memory", ["none", "system"])
    if sharedMemory == "system", wire == nil {
      throw BenchInputError("--shared-memory system needs a server; in-process has no transfer")
    }
    if sharedMemory == "system", form == "json" {
      throw BenchInputError("--shared-memory system and --form json exclude each other; drop one")
    }
    var options = WorkloadOptions(entries: try entries())
    options.usesJSON = form == "json"
    options.usesSharedMemory = sharedMemory == "system"
    options.outputSharedMemoryBytes = try FlagCheck.number(
      outputSharedMemorySize, "--output-shared-memory-size", in: 1...(1 << 30))
    options.inputsCount = try inputsCount.map { count throws(BenchInputError) in
      try FlagCheck.number(count, "--inputs-count", in: 1...100_000)
    }
    options.sendsDeadline = !keepDeadlineHere
    return options
  }

  /// One of model, mix and path, and no flag of another's.
  private func checkSubject() throws(BenchInputError) {
    let given = [("--model", model), ("--mix", mix), ("--path", path)].filter { $0.1 != nil }
    guard let first = given.first else {
      throw BenchInputError("nothing to ask; give --model NAME, --mix FILE or --path /PATH")
    }
    guard given.count == 1 else {
      throw BenchInputError("\(first.0) and \(given[1].0) exclude each other; give one")
    }
    if path == nil, let flag = method != nil ? "--method" : body != nil ? "--body" : nil {
      throw BenchInputError("\(flag) is for --path; give --path /PATH, or leave it out")
    }
    if path != nil {
      let foreign: [(String, Bool)] = [
        ("--model-version", modelVersion != nil), ("--input", !input.isEmpty),
        ("--shape", !shape.isEmpty), ("--batch", batch != 1), ("--priority", priority != 0),
        ("--shared-memory", sharedMemory == "system"),
      ]
      for (flag, isGiven) in foreign where isGiven {
        throw BenchInputError("\(flag) is for a model; leave it out with --path")
      }
    }
    if mix != nil {
      let foreign: [(String, Bool)] = [
        ("--model-version", modelVersion != nil), ("--input", !input.isEmpty),
        ("--shape", !shape.isEmpty), ("--batch", batch != 1), ("--priority", priority != 0),
        ("--deadline", deadline != nil),
      ]
      for (flag, isGiven) in foreign where isGiven {
        throw BenchInputError("\(flag) belongs into the file with --mix; write it there")
      }
    }
  }

  private func entries() throws(BenchInputError) -> [MixEntry] {
    if let mix { return try ScenarioFile.mix(path: mix) }
    var entry = MixEntry(model: model ?? "", version: modelVersion ?? "")
    if let path {
      guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw BenchInputError("--path is '\(path)'; start it with '/' and percent-encode the rest")
      }
      let verb = (method ?? (body == nil ? "GET" : "POST")).uppercased()
      guard !verb.isEmpty, verb.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
        throw BenchInputError("--method is '\(verb)'; use GET, POST or another verb")
      }
      if let body, body.hasPrefix("@") {
        try FlagCheck.readable(String(body.dropFirst()), "--body")
      }
      entry = MixEntry(
        name: "\(verb) \(path)", subject: .raw(method: verb, path: path, body: body ?? ""))
    } else if model?.isEmpty == true {
      throw BenchInputError("--model is empty; give the model's name")
    }
    entry.deadlineNanoseconds = try deadline.map { text throws(BenchInputError) in
      try FlagCheck.duration(text, "--deadline", in: 1_000...3_600_000_000_000)
    }
    entry.priority = try FlagCheck.number(priority, "--priority", in: 0...Int(UInt32.max))
    entry.inputs = input
    _ = try ShapeText.parse(shape)
    entry.shapes = shape
    entry.batch = try FlagCheck.number(batch, "--batch", in: 1...1_000_000)
    return [entry]
  }
}
