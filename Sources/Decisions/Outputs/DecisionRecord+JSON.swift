package import Records

extension DecisionRecord {
  /// The whole decision as JSON, with its features by name and its inputs; the body itself if it
  /// is none of a decision.
  package func decisionJSON() -> [UInt8] {
    let features = RecordedFeatures(body)
    guard features != nil || body.starts(with: #"{"decided_by":"#.utf8) else { return body }
    var writer = JSONBytes(capacity: 512 + 4 * body.count)
    writer.raw(#"{"id":"#)
    writer.string(id, separated: false)
    if let requestID {
      writer.raw(#","request_id":"#)
      writer.string(requestID, separated: false)
    }
    writer.raw(#","pipeline":"#)
    writer.string(pipeline, separated: false)
    writer.raw(#","digest":"#)
    writer.string(pipelineDigest, separated: false)
    writer.raw(#","decided_at_ns":"#)
    writer.digits(decidedAt)
    writer.raw(#","outcome":"#)
    writer.string(outcome, separated: false)
    writer.raw(",")
    if let features, !features.write(names: context?.featureNames ?? [], to: &writer) {
      return body
    }
    writer.written(body[(features?.end ?? 1)...])
    return writer.bytes
  }
}

extension RecordContext {
  /// The names in `{"features":[NAME,…]}`, as JSON strings; none if it is something else.
  fileprivate var featureNames: [ArraySlice<UInt8>] {
    let opening = #"{"features":["#.utf8
    guard text.starts(with: opening) else { return [] }
    var names: [ArraySlice<UInt8>] = []
    var start = opening.count
    while start < text.count, text[start] == UInt8(ascii: "\"") {
      var end = start + 1
      while end < text.count, text[end] != UInt8(ascii: "\"") {
        end += text[end] == UInt8(ascii: "\\") ? 2 : 1
      }
      guard end < text.count else { return [] }
      names.append(text[start...end])
      start = end + 2
    }
    return names
  }
}
