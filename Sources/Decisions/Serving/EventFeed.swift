package import Features

/// A source of events that is served: where events of that name go.
package struct EventFeed: Sendable {
  package let name: String
  package let store: FeatureStore
  /// An index of the store's sources.
  package let source: Int
  package let schema: RecordSchema
}

/// A view of attributes that is served: where attributes of its keys go.
package struct AttributeFeed: Sendable {
  package let name: String
  package let store: FeatureStore
  /// An index of the store's views.
  package let view: Int
  package let schema: RecordSchema
}

/// A service of features that is served.
package struct FeatureService: Sendable {
  package let name: String
  package let store: FeatureStore
  /// An index of the store's services.
  package let service: Int
  /// What a request holds.
  package let schema: RecordSchema
}

/// All that is served of some files of views, by name.
struct FeedTable: Sendable {
  var feeds: [EventFeed] = []
  var attributes: [AttributeFeed] = []
  var services: [FeatureService] = []

  /// - Parameter stores: of different files, in order.
  init(_ stores: [FeatureStore]) {
    for store in stores {
      let definitions = store.definitions
      for (index, source) in definitions.sources.enumerated() {
        feeds.append(
          EventFeed(name: source.name, store: store, source: index, schema: source.schema))
      }
      for file in definitions.attributeFiles {
        attributes.append(
          AttributeFeed(
            name: definitions.views[file.view].name, store: store, view: file.view,
            schema: file.schema))
      }
      guard let request = definitions.request else { continue }
      for (index, service) in definitions.services.enumerated() {
        services.append(
          FeatureService(name: service.name, store: store, service: index, schema: request))
      }
    }
  }
}
