package import NIOCore
package import Tensors

/// One request, encoded once and sent many times.
package struct PreparedRequest: Sendable {
  /// Which entry of the mix it belongs to: an index of ``LoadPlan/entries``.
  package var entry: Int
  package var payload: Payload

  /// The request in the form its wire needs.
  package enum Payload: Sendable {
    case http(HTTPRequestBytes)
    case grpc(GRPCRequestBytes)
    case inProcess(InProcessRequest)
  }

  package init(entry: Int, payload: Payload) {
    self.entry = entry
    self.payload = payload
  }
}

/// A place in a request's bytes that gets the request's own number before each send: 16 lower-case
/// hexadecimal digits, so that no length changes.
package struct Stamp: Sendable, Equatable {
  /// Bytes of a stamp.
  package static let width = 16
  /// Where the digits start, from the first byte of the buffer they lie in.
  package var offset: Int

  package init(offset: Int) { self.offset = offset }
}

/// A whole HTTP/1.1 request: head and body.
package struct HTTPRequestBytes: Sendable {
  /// What is written, from the request line to the body's last byte.
  package var bytes: ByteBuffer
  /// Places in ``bytes`` that differ from send to send; mostly none.
  package var stamps: [Stamp]

  package init(bytes: ByteBuffer, stamps: [Stamp] = []) {
    self.bytes = bytes
    self.stamps = stamps
  }
}

/// A unary gRPC call.
package struct GRPCRequestBytes: Sendable {
  /// For example `/inference.GRPCInferenceService/ModelInfer`.
  package var path: String
  /// The message with its five bytes of gRPC framing in front, not compressed.
  package var message: ByteBuffer
  /// Places in ``message`` that differ from send to send; mostly none.
  package var stamps: [Stamp]
  /// The deadline sent as `grpc-timeout`, in microseconds; 0 sends none.
  package var timeoutMicroseconds: Int64
  /// Further metadata: lower-case names.
  package var metadata: [(name: String, value: String)]

  package init(
    path: String, message: ByteBuffer, stamps: [Stamp] = [], timeoutMicroseconds: Int64 = 0,
    metadata: [(name: String, value: String)] = []
  ) {
    self.path = path
    self.message = message
    self.stamps = stamps
    self.timeoutMicroseconds = timeoutMicroseconds
    self.metadata = metadata
  }
}

/// An inference inside this process, without a network.
package struct InProcessRequest: Sendable {
  package var model: String
  /// Empty for the latest.
  package var version: String
  /// Inputs by name.
  package var inputs: [(name: String, tensor: Tensor)]
  /// Microseconds from the send after which the answer is worthless; 0 sets none.
  package var timeoutMicroseconds: Int64
  /// 1 is the most urgent; 0 takes the model's default.
  package var priority: Int

  package init(
    model: String, version: String = "", inputs: [(name: String, tensor: Tensor)],
    timeoutMicroseconds: Int64 = 0, priority: Int = 0
  ) {
    self.model = model
    self.version = version
    self.inputs = inputs
    self.timeoutMicroseconds = timeoutMicroseconds
    self.priority = priority
  }
}
