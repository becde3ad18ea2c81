internal import COnnxRuntime

/// The engine for `.onnx` files: ONNX Runtime, loaded from its own library at run time.
package final class OnnxRuntime: ModelRuntime {
  package let platform = "onnxruntime_onnx"
  package let backend = "onnxruntime"
  /// The library's version, for example `1.31.1`.
  package var version: String { library.version }
  /// Where the library was found.
  package let libraryPath: String
  /// The execution providers the library offers, best first, for example `CPUExecutionProvider`.
  package let availableProviders: [String]

  let library: OnnxLibrary

  /// Loads ONNX Runtime's library. Blocking; any thread.
  ///
  /// - Parameter libraryPath: The library or a folder that holds it. With `nil` these places are
  ///   tried: the environment variable `NEEDLETAIL_ONNXRUNTIME`, `.needletail/onnxruntime` in the
  ///   current folder, then beside the program, then the system's loader.
  /// - Throws: ``RuntimeFailure/Code/libraryUnavailable``, naming every place that was tried.
  package init(libraryPath: String?) throws(RuntimeFailure) {
    let places = OnnxLibraryPlaces.candidates(explicit: libraryPath)
    var tried: [String] = []
    var loaded: (library: OnnxLibrary, path: String)?
    for place in places {
      if place.contains("/"), !(unsafe onnx_is_readable(place)) {
        tried.append("\(place) (no such file)")
        continue
      }
      do throws(OnnxError) {
        loaded = (try OnnxLibrary.open(place), place)
        break
      } catch {
        tried.append(place.contains("/") ? "\(place) (\(error.text))" : place)
      }
    }
    guard let loaded else {
      throw RuntimeFailure(
        .libraryUnavailable,
        "no ONNX Runtime library: tried \(tried.joined(separator: ", "));"
          + " run `make onnxruntime` or pass --onnxruntime-library")
    }
    library = loaded.library
    self.libraryPath = loaded.path
    availableProviders = loaded.library.availableProviders
  }

  /// Loads a model file. Blocking and slow: never on a serving thread.
  ///
  /// - Throws: ``RuntimeFailure/Code/invalidModel`` for what is not a model,
  ///   ``RuntimeFailure/Code/unsupported`` for a provider or a kind of tensor we cannot serve.
  package func load(_ options: LoadOptions) throws(RuntimeFailure) -> any LoadedModel {
    let session = try makeSession(options)
    return try OnnxModel(session: session, subject: Self.subject(of: options))
  }

  /// What messages call the model.
  static func subject(of options: LoadOptions) -> String {
    switch options.source {
    case .file(let path): "model \(path)"
    case .bytes(let bytes): "model of \(bytes.count) bytes"
    }
  }
}
