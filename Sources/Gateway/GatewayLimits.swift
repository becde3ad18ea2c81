/// The bounds of the gateway that both protocols share. Sizes in bytes, times in nanoseconds.
package struct GatewayLimits: Sendable, Equatable {
  /// One request body over HTTP, as sent and decompressed.
  package var bodyBytesMax = 64 << 20
  /// One HTTP request that uploads model files (`load` with `file:` parameters).
  package var uploadBytesMax = 1 << 30
  /// Bodies and messages of all connections together, over both protocols.
  package var requestBytesMax = 4 << 30
  /// The request line of one HTTP request.
  package var requestLineBytesMax = 8 << 10
  /// Header fields of one HTTP request.
  package var headerFieldsMax = 100
  /// The request line and the headers of one HTTP request.
  package var headBytesMax = 32 << 10
  /// Open HTTP connections; more are closed at once.
  package var connectionsMax = 8_192
  /// Time from a request's first byte to the end of its headers.
  package var headNanosecondsMax: Int64 = 10_000_000_000
  /// Time between two reads of a request's body.
  package var bodyNanosecondsMax: Int64 = 30_000_000_000
  /// Time a connection may be without a request; 0 is no bound.
  package var idleNanosecondsMax: Int64 = 120_000_000_000
  /// Levels that JSON may nest.
  package var jsonDepthMax = 64
  /// Shared-memory regions registered at one time.
  package var sharedMemoryRegionsMax = 1_024

  package init() {}
}
