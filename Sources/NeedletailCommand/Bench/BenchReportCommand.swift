import ArgumentParser
import Foundation
import LoadGenerator

/// `needletail bench report`: a result file, shown again.
struct BenchReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Shows a result file again, or as HTML or CSV.")

  @Argument(help: "Result file, as --json writes it.")
  var file: String
  @OptionGroup(title: "Output") var output: OutputFlags

  func run() async throws {
    let options = try BenchRunner.checked { () throws(BenchInputError) in try output.resolve() }
    try await BenchRunner.run { [file] _ in
      let document = try ResultFile.read(file)
      if options.csv != nil, case .comparison = document {
        throw BenchInputError("--csv has no columns for a comparison; use --html")
      }
      try BenchOutputs(options: options).write(document)
      return nil
    }
  }
}

/// Result files on disk.
enum ResultFile {
  /// A larger file was not written by this program.
  private static let bytesMax = 1 << 30

  /// - Throws: ``BenchInputError`` if the file cannot be read or is no result.
  static func read(_ path: String) throws(BenchInputError) -> BenchDocument {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
    guard size <= bytesMax else {
      throw BenchInputError("\(path): is \(size) bytes, too many for a result file; check the path")
    }
    guard !FileCheck.isFolder(path), let data = FileManager.default.contents(atPath: path) else {
      throw BenchInputError("\(path): cannot be read; check the path and its permissions")
    }
    return try BenchDocument.read(Array(data), file: path)
  }
}
