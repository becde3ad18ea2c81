internal import Decisions
internal import Features
internal import NIOCore

/// Writes `AppendResponse` messages.
enum AppendMessage {
  /// A framed `AppendResponse`.
  static func framed(_ intake: IntakeCounts) -> ByteBuffer {
    let counts = intake.counts
    var body = ByteBuffer()
    body.writeProtobufNumber(field: 1, Int64(counts.accepted))
    body.writeProtobufNumber(field: 2, Int64(counts.duplicate))
    body.writeProtobufNumber(field: 3, Int64(counts.late))
    body.writeProtobufNumber(field: 4, Int64(counts.future))
    body.writeProtobufNumber(field: 5, Int64(counts.refused))
    for refusal in intake.refusals {
      // Lines count from 1, entries of a message from 0.
      let index = Int64(refusal.line - 1)
      let size = ProtobufSize.number(index) + ProtobufSize.text(refusal.error.utf8.count)
      body.writeProtobufHead(field: 6, count: size)
      body.writeProtobufNumber(field: 1, index)
      body.writeProtobufText(field: 2, refusal.error)
    }
    var buffer = ModelInferResponseWriter.framed(body.readableBytes)
    buffer.writeImmutableBuffer(body)
    return buffer
  }
}

extension GRPCDecisions {
  /// The intake of an `AppendRequest`, or of a `PutAttributesRequest`; it has not started.
  func intake(
    _ ticket: Int, _ message: ByteBuffer, _ method: GRPCMethod, scratch: EventScratch,
    owner: any EventIntakeOwner
  ) throws(CallFailure) -> EventIntake {
    let isAttributes = method == .putAttributes
    let bytes = message.readableBytesUInt8Span
    let fields: ManyFields
    do throws(ProtobufError) {
      fields = try ManyFields(
        bytes, isAttributes ? "attributes" : "events", partsMax: EventIntake.eventsMax)
    } catch {
      throw CallFailure(error, in: isAttributes ? "PutAttributesRequest" : "AppendRequest")
    }
    let name = bytes.text(fields.name)
    let host = door?.host
    let table =
      isAttributes
      ? host?.attributes(named: name).map { IntakeTable($0) }
      : host?.feed(named: name).map { IntakeTable($0) }
    guard let table else {
      let known = isAttributes ? host?.attributeFeeds.map(\.name) : host?.feeds.map(\.name)
      throw CallFailure(
        unknown: isAttributes ? "view of attributes" : "source", name, known: known ?? [])
    }
    return EventIntake(
      ticket, table, message, fields.parts, on: eventLoop, scratch: scratch, owner: owner)
  }
}
