package import Decisions
package import NIOCore

/// Writes `Decision` messages straight into a buffer of the right size.
package enum DecisionMessage {
  /// A framed `Decision`.
  package static func framed(_ decision: Decision) -> ByteBuffer {
    let size = bytes(decision)
    var buffer = ModelInferResponseWriter.framed(size)
    append(decision, to: &buffer)
    return buffer
  }

  /// A `DecisionResult` with a decision, framed if it is to be a message of its own.
  package static func result(_ decision: Decision, framed: Bool) -> ByteBuffer {
    let size = bytes(decision)
    var buffer = Self.buffer(ProtobufSize.span(size), framed: framed)
    buffer.writeProtobufHead(field: 1, count: size)
    append(decision, to: &buffer)
    return buffer
  }

  /// An empty buffer for a message of `count` bytes.
  static func buffer(_ count: Int, framed: Bool) -> ByteBuffer {
    framed
      ? ModelInferResponseWriter.framed(count) : ByteBufferAllocator().buffer(capacity: count)
  }

  private static func bytes(_ decision: Decision) -> Int {
    var size =
      ProtobufSize.text(decision.id.utf8.count)
      + ProtobufSize.text(decision.requestID?.utf8.count ?? 0)
      + ProtobufSize.text(decision.pipeline.utf8.count)
      + ProtobufSize.text(decision.digest.utf8.count)
      + ProtobufSize.number(decision.decidedAt)
      + ProtobufSize.text(decision.outcome.utf8.count)
      + ProtobufSize.text(decision.decidedBy.utf8.count)
    if decision.score != nil { size += 9 }
    for tier in decision.tiers { size += ProtobufSize.span(bytes(tier)) }
    for reason in decision.reasons { size += ProtobufSize.span(reason.utf8.count) }
    if decision.isDegraded { size += 2 }
    for reason in decision.degradedReasons { size += ProtobufSize.span(reason.utf8.count) }
    if decision.isLate { size += 2 }
    for feature in decision.features ?? [] { size += ProtobufSize.span(bytes(feature)) }
    for stage in decision.stages { size += ProtobufSize.span(bytes(stage)) }
    return size
  }

  private static func bytes(_ tier: Decision.Tier) -> Int {
    ProtobufSize.text(tier.tier.utf8.count) + ProtobufSize.text(tier.model.utf8.count)
      + ProtobufSize.text(tier.version.utf8.count) + (tier.score == nil ? 0 : 9)
      + ProtobufSize.text(tier.result.utf8.count) + ProtobufSize.number(tier.nanoseconds)
  }

  private static func bytes(_ feature: Decision.Feature) -> Int {
    // The age is written even if it is 0: without it, nothing has a time.
    let age = feature.age.map { 1 + ProtobufSize.varint(UInt64(bitPattern: $0)) } ?? 0
    return ProtobufSize.text(feature.name.utf8.count) + (feature.value == nil ? 0 : 9)
      + ProtobufSize.text(feature.status.utf8.count) + age
  }

  private static func bytes(_ stage: Decision.Stage) -> Int {
    ProtobufSize.text(stage.name.utf8.count) + ProtobufSize.number(stage.nanoseconds)
  }

  private static func append(_ decision: Decision, to buffer: inout ByteBuffer) {
    buffer.writeProtobufText(field: 1, decision.id)
    if let requestID = decision.requestID { buffer.writeProtobufText(field: 2, requestID) }
    buffer.writeProtobufText(field: 3, decision.pipeline)
    buffer.writeProtobufText(field: 4, decision.digest)
    buffer.writeProtobufNumber(field: 5, decision.decidedAt)
    buffer.writeProtobufText(field: 6, decision.outcome)
    buffer.writeProtobufText(field: 7, decision.decidedBy)
    if let score = decision.score { buffer.writeProtobufDouble(field: 8, score) }
    for tier in decision.tiers { append(tier, to: &buffer) }
    for reason in decision.reasons { buffer.writeProtobufEntry(field: 10, reason) }
    if decision.isDegraded { buffer.writeProtobufNumber(field: 11, 1) }
    for reason in decision.degradedReasons { buffer.writeProtobufEntry(field: 12, reason) }
    if decision.isLate { buffer.writeProtobufNumber(field: 13, 1) }
    for feature in decision.features ?? [] { append(feature, to: &buffer) }
    for stage in decision.stages {
      buffer.writeProtobufHead(field: 15, count: bytes(stage))
      buffer.writeProtobufText(field: 1, stage.name)
      buffer.writeProtobufNumber(field: 2, stage.nanoseconds)
    }
  }

  private static func append(_ tier: Decision.Tier, to buffer: inout ByteBuffer) {
    buffer.writeProtobufHead(field: 9, count: bytes(tier))
    buffer.writeProtobufText(field: 1, tier.tier)
    buffer.writeProtobufText(field: 2, tier.model)
    buffer.writeProtobufText(field: 3, tier.version)
    if let score = tier.score { buffer.writeProtobufDouble(field: 4, score) }
    buffer.writeProtobufText(field: 5, tier.result)
    buffer.writeProtobufNumber(field: 6, tier.nanoseconds)
  }

  private static func append(_ feature: Decision.Feature, to buffer: inout ByteBuffer) {
    buffer.writeProtobufHead(field: 14, count: bytes(feature))
    buffer.writeProtobufText(field: 1, feature.name)
    if let value = feature.value { buffer.writeProtobufDouble(field: 2, value) }
    buffer.writeProtobufText(field: 3, feature.status)
    if let age = feature.age {
      buffer.writeProtobufTag(field: 4, .varint)
      buffer.writeProtobufVarint(UInt64(bitPattern: age))
    }
  }
}
