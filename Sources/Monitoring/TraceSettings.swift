/// Which requests are traced, and where the traces go.
package struct TraceSettings: Sendable, Equatable {
  /// Whether the instants of a request's stages are recorded: `TIMESTAMPS`, else `OFF`.
  package var isOn = false
  /// One request in so many is traced, at least 1.
  package var rate: UInt32 = 1_000
  /// Traces still to take; -1 for no end.
  package var count: Int64 = -1
  /// Traces a numbered file holds; 0 writes one file, at the end and when the buffer is full.
  package var logFrequency: UInt32 = 0
  /// The file, or the prefix of numbered files. Set at start only.
  package var file = ""

  package init() {}

  /// Why these settings cannot trace; `nil` if they can, or are off.
  package var problem: String? {
    guard isOn else { return nil }
    if rate == 0 { return "sample rate must be non-zero; set trace_rate to 1 or more" }
    if file.isEmpty {
      return "trace file name is not given; start the server with --trace-config triton,file=PATH"
    }
    return nil
  }
}

/// A change to the trace settings of the server or one model.
struct TraceChange: Equatable {
  /// What a request asks of one field.
  enum Field<Value: Equatable & Sendable>: Equatable, Sendable {
    case keep
    case clear
    case set(Value)

    func applied(to specified: inout Value?) {
      switch self {
      case .keep: break
      case .clear: specified = nil
      case .set(let value): specified = value
      }
    }
  }

  var isOn = Field<Bool>.keep
  var rate = Field<UInt32>.keep
  var count = Field<Int64>.keep
  var logFrequency = Field<UInt32>.keep

  /// Reads a change as the protocols carry it: a setting to its values, `nil` or none to clear it.
  ///
  /// - Throws: ``SettingsError`` naming the setting, the value and what is allowed.
  init(_ changes: [String: [String]?]) throws(SettingsError) {
    for (name, given) in changes.sorted(by: { $0.key < $1.key }) {
      let values = given ?? []
      switch name {
      case "trace_level":
        isOn = values.isEmpty ? .clear : .set(try Self.level(values))
      case "trace_rate":
        rate = values.isEmpty
          ? .clear : .set(UInt32(try Self.number(name, values, in: 0...Int64(UInt32.max))))
      case "trace_count":
        count = values.isEmpty
          ? .clear : .set(try Self.number(name, values, in: -1...Int64(Int32.max)))
      case "log_frequency":
        logFrequency = values.isEmpty
          ? .clear : .set(UInt32(try Self.number(name, values, in: 0...Int64(UInt32.max))))
      case "trace_file":
        throw SettingsError(
          "trace file location can not be updated through network protocol; "
            + "start the server with --trace-config triton,file=PATH")
      case "trace_mode":
        guard values == ["triton"] else {
          throw SettingsError("trace mode can not be updated; this server has mode triton only")
        }
      default:
        throw SettingsError(
          "unknown trace setting '\(name)'; the settings are trace_level, trace_rate, "
            + "trace_count and log_frequency")
      }
    }
  }

  /// Whether the levels switch timestamps on.
  static func level(_ values: [String]) throws(SettingsError) -> Bool {
    for value in values {
      switch value {
      case "OFF":
        guard values.count == 1 else {
          throw SettingsError(
            "Expect only one trace level 'OFF' is specified, got \(values.prefix(4))")
        }
      case "TIMESTAMPS": break
      case "TENSORS":
        throw SettingsError(
          "trace level TENSORS is not supported: this server traces timestamps, not tensor "
            + "contents; use TIMESTAMPS")
      default:
        throw SettingsError(
          "unknown trace level '\(value.prefix(64))'; use OFF or TIMESTAMPS")
      }
    }
    return values != ["OFF"]
  }

  private static func number(
    _ name: String, _ values: [String], in range: ClosedRange<Int64>
  ) throws(SettingsError) -> Int64 {
    guard values.count == 1, let number = Int64(values[0]) else {
      let got = values.prefix(4).map { String($0.prefix(64)) }.joined(separator: ", ")
      throw SettingsError("Unable to parse '\(name)', got: \(got); give one whole number")
    }
    guard range.contains(number) else {
      throw SettingsError(
        "Unable to parse '\(name)', value is out of range [ \(range.lowerBound), "
          + "\(range.upperBound) ], got: \(number)")
    }
    return number
  }
}
