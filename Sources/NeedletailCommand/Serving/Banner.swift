import Foundation
import Inference
import ModelStore
import Tensors

/// What the server prints once it is ready.
struct Banner {
  let text: String

  init(
    options: ServerOptions, runtimeVersion: String, listenerLines: [String], localURL: String?,
    models: [ModelStatistics], served: [ServedVersion], failures: [IndexEntry],
    pipelineLines: [String], readyMilliseconds: Int64
  ) {
    var lines = ["needletail \(NeedletailVersion.text), ONNX Runtime \(runtimeVersion)"]
    lines += listenerLines
    var rows: [[String]] = []
    for figures in models {
      let cost = figures.curve.fixedNanoseconds + figures.curve.perRowNanoseconds
      rows.append([
        "  \(figures.name)", "version \(figures.version)",
        figures.runsInline ? "inline" : "threads",
        cost > 0 ? "\(ModelTable.duration(cost)) a row" : "",
      ])
    }
    lines.append(rows.isEmpty ? "no model is loaded" : "models:")
    lines += ModelTable.aligned(rows)
    for failure in failures {
      let version = failure.version.isEmpty ? "" : " version \(failure.version)"
      lines.append("  \(failure.name)\(version) is not served: \(failure.reason)")
    }
    lines += pipelineLines
    lines.append("ready in \(readyMilliseconds) ms")
    if let url = localURL,
      let example = Self.example(repositories: options.modelRepositories, served: served, url: url)
    {
      lines.append("try: \(example)")
    }
    text = lines.joined(separator: "\n")
  }

  /// A command that can be pasted: a request beside a repository (`models/` and `NAME/*.json`), or
  /// one of zeros for the first model small enough to type.
  static func example(
    repositories: [String], served: [ServedVersion], url: String
  ) -> String? {
    let curl = "curl -s \(url.hasPrefix("https") ? "-k " : "")\(url)/v2/models/"
    for repository in repositories {
      let parent = URL(fileURLWithPath: repository).deletingLastPathComponent().relativePath
      for version in served {
        let folder = "\(parent)/\(version.name)"
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        if let file = files.filter({ $0.hasSuffix(".json") }).sorted().first {
          return "\(curl)\(Self.quoted(version.name))/infer -d @\(folder)/\(file)"
        }
      }
    }
    for version in served {
      if let body = body(of: version.inputs) {
        return "\(curl)\(Self.quoted(version.name))/infer -d '\(body)'"
      }
    }
    return nil
  }

  /// A name as one segment of a path.
  private static func quoted(_ name: String) -> String {
    name.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["_", "-", "."]))
      ?? name
  }

  /// A request body of zeros; `nil` where it would be long, or JSON cannot carry the type.
  static func body(of inputs: [TensorSpec]) -> String? {
    var tensors: [String] = []
    for input in inputs where !input.isOptional {
      let dimensions = input.dimensions.map { $0 < 0 ? 1 : $0 }
      let count = dimensions.reduce(1) { product, dimension in
        let (result, overflow) = product.multipliedReportingOverflow(by: dimension)
        return overflow ? Int.max : result
      }
      guard count <= 64, let zero = zero(input.elementType) else { return nil }
      let shape = dimensions.map(String.init).joined(separator: ",")
      let data = Array(repeating: zero, count: count).joined(separator: ",")
      tensors.append(
        "{\"name\":\"\(input.name)\",\"shape\":[\(shape)],"
          + "\"datatype\":\"\(input.elementType.wireName)\",\"data\":[\(data)]}")
    }
    let body = "{\"inputs\":[\(tensors.joined(separator: ","))]}"
    return body.contains("'") ? nil : body
  }

  private static func zero(_ type: ElementType) -> String? {
    switch type {
    case .bool: "false"
    case .bytes: "\"text\""
    case .fp16, .bf16: nil
    case .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64, .fp32, .fp64: "0"
    }
  }
}
