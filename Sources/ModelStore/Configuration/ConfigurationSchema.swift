#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
internal import SwiftProtobuf

/// The fields, types and enum values of a model configuration, read from the descriptors.
///
/// One table serves the text parser, the JSON parser and the JSON printer, so that none of them
/// can know a field that the others do not.
struct ConfigurationSchema: Sendable {
  /// What a field holds.
  enum Kind: Sendable, Equatable {
    case bool, int32, int64, uint32, uint64, float, double, string
    case message(String)
    case enumeration(String)
  }

  struct Field: Sendable {
    var name: String
    var jsonName: String
    var number: Int
    var isRepeated: Bool
    /// Whether this is a map; `kind` is then the message of its entries.
    var isMap: Bool
    var kind: Kind
    /// The group of which at most one field may be set.
    var oneof: String?
  }

  struct Message: Sendable {
    var name: String
    /// In declaration order, which is the order of printing.
    var fields: [Field]
    var byName: [String: Int]
    var byNumber: [Int: Int]

    func field(named name: String) -> Field? { byName[name].map { fields[$0] } }
    func field(numbered number: Int) -> Field? { byNumber[number].map { fields[$0] } }
  }

  struct Enumeration: Sendable {
    var values: [(name: String, number: Int)]
  }

  private(set) var messages: [String: Message] = [:]
  private(set) var enumerations: [String: Enumeration] = [:]

  /// The name of the outermost message.
  static let rootName = ".inference.ModelConfig"

  /// The schema of `model_config.proto`.
  static let shared = ConfigurationSchema(base64: ConfigurationDescriptors.base64)

  /// Reads descriptors; an unreadable set gives an empty schema, in which nothing is known.
  init(base64: String) {
    guard let data = Data(base64Encoded: base64),
      let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: data)
    else { return }
    for file in set.file {
      for message in file.messageType { add(message, scope: "." + file.package) }
      for enumeration in file.enumType { add(enumeration, scope: "." + file.package) }
    }
    markMaps()
  }

  /// The outermost message.
  var root: Message { message(Self.rootName) }

  func message(_ name: String) -> Message {
    messages[name] ?? Message(name: name, fields: [], byName: [:], byNumber: [:])
  }

  private mutating func add(_ message: Google_Protobuf_DescriptorProto, scope: String) {
    let name = scope + "." + message.name
    var result = Message(name: name, fields: [], byName: [:], byNumber: [:])
    for field in message.field {
      guard let kind = Self.kind(of: field) else { continue }
      let index = result.fields.count
      result.fields.append(
        Field(
          name: field.name, jsonName: field.jsonName, number: Int(field.number),
          isRepeated: field.label == .repeated, isMap: false, kind: kind,
          oneof: field.hasOneofIndex ? message.oneofDecl[Int(field.oneofIndex)].name : nil))
      result.byName[field.name] = index
      result.byNumber[Int(field.number)] = index
    }
    messages[name] = result
    for nested in message.nestedType {
      add(nested, scope: name)
      if nested.options.mapEntry { mapEntries.insert(name + "." + nested.name) }
    }
    for nested in message.enumType { add(nested, scope: name) }
  }

  private mutating func add(_ enumeration: Google_Protobuf_EnumDescriptorProto, scope: String) {
    enumerations[scope + "." + enumeration.name] = Enumeration(
      values: enumeration.value.map { ($0.name, Int($0.number)) })
  }

  private var mapEntries: Set<String> = []

  private mutating func markMaps() {
    for (name, message) in messages {
      var changed = message
      for index in changed.fields.indices {
        if case .message(let type) = changed.fields[index].kind, mapEntries.contains(type) {
          changed.fields[index].isMap = true
        }
      }
      messages[name] = changed
    }
  }

  private static func kind(of field: Google_Protobuf_FieldDescriptorProto) -> Kind? {
    switch field.type {
    case .bool: .bool
    case .int32: .int32
    case .int64: .int64
    case .uint32: .uint32
    case .uint64: .uint64
    case .float: .float
    case .double: .double
    case .string: .string
    case .message: .message(field.typeName)
    case .enum: .enumeration(field.typeName)
    default: nil
    }
  }
}
