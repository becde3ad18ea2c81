/// One kind of request of a mix, as flags, a mix file or a scenario describe it.
package struct MixEntry: Sendable, Equatable {
  /// What a request asks.
  package enum Subject: Sendable, Equatable {
    /// An inference; an empty version leaves the choice to the server.
    case model(name: String, version: String)
    /// Any HTTP request; a body that starts with `@` names a file.
    case raw(method: String, path: String, body: String)
  }

  /// The name in reports.
  package var name: String
  package var subject: Subject
  /// The share of the requests, relative to the other entries'; above 0.
  package var weight = 1.0
  /// An answer later than this after its due time is worth nothing; `nil` counts every answer.
  package var deadlineNanoseconds: Int64?
  /// 1 is the most urgent; 0 takes the model's default.
  package var priority = 0
  /// `random`, files, or `NAME=FILE.npy`; empty is random.
  package var inputs: [String] = []
  /// `NAME:3,32,32`, one row of inputs whose model leaves the shape open.
  package var shapes: [String] = []
  /// Rows of one request, for models that batch.
  package var batch = 1

  package init(name: String, subject: Subject) {
    self.name = name
    self.subject = subject
  }

  /// An inference.
  package init(model: String, version: String = "") {
    self.init(
      name: version.isEmpty ? model : "\(model):\(version)",
      subject: .model(name: model, version: version))
  }
}
