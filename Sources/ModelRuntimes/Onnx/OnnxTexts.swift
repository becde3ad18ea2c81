/// C strings that live as long as this object.
@safe
final class OnnxTexts {
  /// `count` strings.
  let pointers: UnsafeMutablePointer<UnsafePointer<CChar>?>
  let count: Int

  init(_ texts: [String]) {
    count = texts.count
    unsafe pointers = .allocate(capacity: max(1, texts.count))
    for (index, text) in texts.enumerated() {
      let bytes = text.utf8CString
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
      unsafe bytes.withUnsafeBufferPointer { bytes in
        if let start = bytes.baseAddress {
          unsafe copy.initialize(from: start, count: bytes.count)
        }
      }
      unsafe (pointers + index).initialize(to: UnsafePointer(copy))
    }
  }

  deinit {
    for index in 0..<count { unsafe pointers[index]?.deallocate() }
    unsafe pointers.deallocate()
  }
}

/// Options as two parallel lists of C strings, in the order of the keys.
@safe
final class OnnxTextPairs {
  private let keyTexts: OnnxTexts
  private let valueTexts: OnnxTexts

  init(_ options: [String: String]) {
    let sorted = options.sorted { $0.key < $1.key }
    keyTexts = OnnxTexts(sorted.map(\.key))
    valueTexts = OnnxTexts(sorted.map(\.value))
  }

  var count: Int { keyTexts.count }
  var keys: UnsafePointer<UnsafePointer<CChar>?> { unsafe UnsafePointer(keyTexts.pointers) }
  var values: UnsafePointer<UnsafePointer<CChar>?> { unsafe UnsafePointer(valueTexts.pointers) }
}
