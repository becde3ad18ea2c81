extension FeatureVector {
  /// A vector as it was read before, for what is done again with the same features.
  ///
  /// - Parameters: one element each by feature of the service, as the properties say.
  package init(values: [Double], statuses: [FeatureStatus], ages: [Int64]) {
    self.values = values
    self.statuses = statuses
    self.ages = ages
  }
}
