internal import Windowing

/// One stream of events.
package struct SourceDefinition: Sendable {
  package let name: String
  package let schema: RecordSchema
  /// Nanoseconds that an event may be behind the newest.
  package let lateness: Int64
  /// Nanoseconds that an event may be ahead of both the newest and the present.
  package let future: Int64
  /// The most event ids remembered.
  package let idsMax: Int
}

/// What features are about: a card, a terminal.
package struct EntityDefinition: Sendable {
  package let name: String
  /// The names of the fields that make its key.
  package let keys: [String]
  /// The most keys remembered.
  package let keysMax: Int
}

/// The ordered features of one model.
package final class ServiceDefinition: Sendable {
  package let name: String
  /// The slots of its vector.
  package let slots: [Int]
  /// The views it reads.
  package let views: [Int]
  /// The request fields it reads, keys included.
  package let requestFields: Set<Int>
  /// The derived features and transforms it needs are those of these slots.
  let wanted: [Bool]

  init(name: String, slots: [Int], views: [Int], requestFields: Set<Int>, wanted: [Bool]) {
    self.name = name
    self.slots = slots
    self.views = views
    self.requestFields = requestFields
    self.wanted = wanted
  }
}

/// A file of feature views, checked and compiled. Immutable.
package struct FeatureDefinitions: Sendable {
  package internal(set) var sources: [SourceDefinition] = []
  package internal(set) var entities: [EntityDefinition] = []
  package internal(set) var views: [ViewDefinition] = []
  package internal(set) var services: [ServiceDefinition] = []
  /// Request fields first, then views, then transforms.
  package internal(set) var slots: [FeatureSlot] = []
  /// What a request or a row of a training set holds; `nil` if no service is declared.
  package internal(set) var request: RecordSchema?
  /// The source whose events are the requests; `nil` if requests are declared by themselves.
  package internal(set) var requestSource: Int?
  /// Tells versions of the file apart: 16 hexadecimal digits of its text.
  package internal(set) var digest = ""
  /// By entity: the fields of its key in a request; those no service reads have none.
  var requestKeys: [[Int]] = []
  var transforms: [Transform] = []
  /// Of derived features and transforms; each has a row of its own in an engine.
  var expressions: [SlotExpression] = []

  /// The index of a service; `nil` if it is not declared.
  package func service(named name: String) -> Int? { services.firstIndex { $0.name == name } }

  /// The index of a source; `nil` if it is not declared.
  package func source(named name: String) -> Int? { sources.firstIndex { $0.name == name } }

  /// The files of attributes: the view, the path as written, and how to read it.
  package var attributeFiles: [(view: Int, file: String, schema: RecordSchema)] {
    views.indices.compactMap { index in
      guard case .attributes(let view) = views[index].kind else { return nil }
      return (index, view.file, view.schema)
    }
  }
}
