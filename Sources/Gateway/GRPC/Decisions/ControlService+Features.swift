internal import Decisions
internal import Features
internal import NIOCore

extension ControlService {
  /// The answer of the service `Features`.
  func answerFeatures(_ message: ByteBuffer) throws(GRPCStatus) -> ByteBuffer {
    let bytes = message.readableBytesUInt8Span
    var fields = FeatureFields()
    do throws(ProtobufError) { try fields.read(bytes) } catch {
      throw CallFailure(error, in: "GetFeaturesRequest").grpc
    }
    let name = bytes.text(fields.service)
    guard let service = context.decisions?.service(named: name) else {
      throw CallFailure(
        unknown: "service of features", name, known: context.decisions?.services.map(\.name) ?? []
      ).grpc
    }
    let table = IntakeTable(service)
    let now = fields.at ?? WallClock.now()
    var record = EventRecord(table.schema)
    do throws(RecordMessageProblem) {
      try fields.request.fill(
        &record, table.schema, wanted: table.wanted, time: now, bytes)
    } catch {
      throw GRPCStatus(.invalidArgument, error.message)
    }
    // The request may say its time itself.
    let at = fields.at ?? record.time
    var vector = FeatureVector()
    service.store.vector(service.service, record, at: at, into: &vector)
    var response = Needletail_V1_GetFeaturesResponse()
    response.atNs = at
    response.features = Self.features(vector, service)
    return try ControlMessage.write(response)
  }

  private static func features(
    _ vector: FeatureVector, _ service: FeatureService
  ) -> [Needletail_V1_Feature] {
    let definitions = service.store.definitions
    let slots = definitions.services[service.service].slots
    return slots.indices.map { index in
      var feature = Needletail_V1_Feature()
      feature.name = definitions.slots[slots[index]].name
      if vector.values[index].isFinite { feature.value = vector.values[index] }
      feature.status = word(vector.statuses[index])
      if vector.ages[index] >= 0 { feature.ageNs = vector.ages[index] }
      return feature
    }
  }

  private static func word(_ status: FeatureStatus) -> String {
    switch status {
    case .fresh: "fresh"
    case .stale: "stale"
    case .missing: "missing"
    case .default: "default"
    }
  }
}

/// What a `GetFeaturesRequest` holds.
private struct FeatureFields {
  var service = FieldSpan.empty
  var request = ValueEntries()
  var at: Int64?

  mutating func read(_ bytes: Span<UInt8>) throws(ProtobufError) {
    var cursor = ProtobufCursor(FieldSpan(start: 0, count: bytes.count))
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      switch (tag.number, tag.wireType) {
      case (1, .lengthDelimited): service = try cursor.readText(bytes)
      case (2, .lengthDelimited): try request.append(cursor.readSpan(bytes), bytes)
      case (3, .varint): at = Int64(bitPattern: try cursor.readVarint(bytes))
      default: try cursor.skip(tag, bytes)
      }
    }
  }
}
