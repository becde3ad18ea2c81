internal import Foundation

/// The files, symbols and services of the protocol, as server reflection looks them up.
struct ReflectionIndex: Sendable {
  /// One `FileDescriptorProto`.
  struct File: Sendable {
    var bytes: Data
    var dependencies: [String]
  }

  /// The index of everything this server answers; read from its descriptors once.
  static let shared = ReflectionIndex(base64: DescriptorSet.base64)

  /// Full names of the services, sorted.
  private(set) var services: [String] = []
  private var files: [String: File] = [:]
  private var fileOfSymbol: [String: String] = [:]

  /// - Parameter base64: a serialized `google.protobuf.FileDescriptorSet`; what is malformed in it
  ///   is left out.
  init(base64: String) {
    guard let data = Data(base64Encoded: base64, options: .ignoreUnknownCharacters) else { return }
    let bytes = [UInt8](data)
    let all = FieldSpan(start: 0, count: bytes.count)
    for (number, file) in Self.fields(all, bytes.span) where number == 1 {
      add(file: file, bytes)
    }
    services.sort()
  }

  /// The serialized file with this name and every file it needs; `nil` if there is none.
  func file(named name: String) -> [Data]? {
    guard files[name] != nil else { return nil }
    var result: [Data] = []
    var wanted = [name]
    var seen: Set<String> = [name]
    while let next = wanted.popLast() {
      guard let file = files[next] else { continue }
      result.append(file.bytes)
      for dependency in file.dependencies where seen.insert(dependency).inserted {
        wanted.append(dependency)
      }
    }
    return result
  }

  /// The file that declares the symbol, and every file it needs; `nil` if there is none.
  func file(declaring symbol: String) -> [Data]? {
    fileOfSymbol[symbol].flatMap { file(named: $0) }
  }

  private mutating func add(file span: FieldSpan, _ bytes: [UInt8]) {
    var name = ""
    var package = ""
    var dependencies: [String] = []
    let fields = Self.fields(span, bytes.span)
    for (number, field) in fields {
      switch number {
      case 1: name = bytes.span.text(field)
      case 2: package = bytes.span.text(field)
      case 3: dependencies.append(bytes.span.text(field))
      default: break
      }
    }
    let prefix = package.isEmpty ? "" : package + "."
    for (number, field) in fields {
      switch number {
      case 4: add(message: field, prefix: prefix, file: name, bytes)
      case 5: fileOfSymbol[prefix + Self.name(field, bytes)] = name
      case 6: add(service: field, prefix: prefix, file: name, bytes)
      default: break
      }
    }
    files[name] = File(bytes: Data(bytes[span.range]), dependencies: dependencies)
  }

  private mutating func add(
    message span: FieldSpan, prefix: String, file: String, _ bytes: [UInt8]
  ) {
    let fullName = prefix + Self.name(span, bytes)
    fileOfSymbol[fullName] = file
    for (number, field) in Self.fields(span, bytes.span) {
      switch number {
      case 2: fileOfSymbol["\(fullName).\(Self.name(field, bytes))"] = file
      case 3: add(message: field, prefix: fullName + ".", file: file, bytes)
      case 4: fileOfSymbol["\(fullName).\(Self.name(field, bytes))"] = file
      default: break
      }
    }
  }

  private mutating func add(
    service span: FieldSpan, prefix: String, file: String, _ bytes: [UInt8]
  ) {
    let fullName = prefix + Self.name(span, bytes)
    services.append(fullName)
    fileOfSymbol[fullName] = file
    for (number, field) in Self.fields(span, bytes.span) where number == 2 {
      fileOfSymbol["\(fullName).\(Self.name(field, bytes))"] = file
    }
  }

  /// The text of field 1, which is the name in every descriptor.
  private static func name(_ span: FieldSpan, _ bytes: [UInt8]) -> String {
    for (number, field) in fields(span, bytes.span) where number == 1 {
      return bytes.span.text(field)
    }
    return ""
  }

  /// The length-delimited fields of a message; those before the first malformed one.
  private static func fields(
    _ span: FieldSpan, _ bytes: Span<UInt8>
  ) -> [(number: Int, span: FieldSpan)] {
    var cursor = ProtobufCursor(span)
    var found: [(number: Int, span: FieldSpan)] = []
    while !cursor.isAtEnd {
      guard let tag = try? cursor.readTag(bytes) else { break }
      if tag.wireType == .lengthDelimited {
        guard let field = try? cursor.readSpan(bytes) else { break }
        found.append((tag.number, field))
      } else if (try? cursor.skip(tag, bytes)) == nil {
        break
      }
    }
    return found
  }
}
