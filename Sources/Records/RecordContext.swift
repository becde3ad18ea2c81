private import Crypto

/// What many records have in common, and is kept in their file once: the names of the features, for
/// example, where each record has only their values.
///
/// Each record's hash covers the digest of its context, so that a context cannot be altered either.
package final class RecordContext: Sendable, Equatable {
  /// JSON (UTF-8), without zero bytes.
  package let text: [UInt8]
  /// SHA-256 of the text, 32 bytes.
  package let digest: [UInt8]

  /// The context of this text.
  package init(_ text: [UInt8]) {
    self.text = text
    digest = Array(SHA256.hash(data: text))
  }

  /// Contexts are equal if their texts are.
  package static func == (left: RecordContext, right: RecordContext) -> Bool {
    left === right || left.digest == right.digest
  }
}
