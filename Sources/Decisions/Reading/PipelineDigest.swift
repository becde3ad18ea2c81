internal import Definitions
internal import Crypto

/// Tells versions of a pipeline apart.
enum PipelineDigest {
  /// SHA-256 over the texts, each with its length before it, in hexadecimal.
  static func of(_ texts: [String]) -> String {
    var hash = SHA256()
    for text in texts {
      hash.update(data: Array("\(text.utf8.count)\n".utf8))
      hash.update(data: Array(text.utf8))
    }
    var digits = ""
    for byte in hash.finalize() {
      if byte < 16 { digits += "0" }
      digits += String(byte, radix: 16)
    }
    return digits
  }
}
