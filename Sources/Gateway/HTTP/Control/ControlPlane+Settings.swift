internal import Inference
internal import Monitoring
internal import NIOCore

extension ControlPlane {
  func logSettings(_ request: ControlRequest) throws(ControlError) -> ControlAnswer {
    if request.method == .post, let document = try document(request) {
      var changes: [String: LogSettingValue] = [:]
      for (name, value) in try members(document) { changes[name] = try logValue(name, value) }
      do throws(SettingsError) {
        try context.logs.update(changes)
      } catch {
        throw ControlError(error)
      }
    }
    let settings = context.logs.settings
    return ControlAnswer { body in
      body.writeStaticString("{\"log_file\":")
      body.writeJSON(string: settings.logFile)
      body.writeString(
        ",\"log_info\":\(settings.logInfo),\"log_warning\":\(settings.logWarning)"
          + ",\"log_error\":\(settings.logError),\"log_verbose_level\":\(settings.verboseLevel)"
          + ",\"log_format\":")
      body.writeJSON(string: settings.format)
      body.writeStaticString("}")
    }
  }

  func traceSettings(_ model: String, _ request: ControlRequest) throws(ControlError)
    -> ControlAnswer
  {
    if !model.isEmpty {
      do {
        _ = try context.engine.isReady(model: model, version: "")
      } catch {
        throw ControlError(error)
      }
    }
    if request.method == .post, let document = try document(request) {
      var changes: [String: [String]?] = [:]
      for (name, value) in try members(document) {
        changes.updateValue(try traceValue(name, value), forKey: name)
      }
      do throws(SettingsError) {
        try context.traces.update(model: model, changes)
      } catch {
        throw ControlError(error)
      }
    }
    let settings = context.traces.settings(model: model)
    return ControlAnswer { body in
      body.writeStaticString("{")
      for (index, setting) in settings.enumerated() {
        if index > 0 { body.writeStaticString(",") }
        body.writeJSON(string: setting.name)
        body.writeStaticString(":")
        if setting.name == "trace_level" {
          body.writeJSON(strings: setting.values)
        } else {
          body.writeJSON(string: setting.values.first ?? "")
        }
      }
      body.writeStaticString("}")
    }
  }

  private func members(_ document: JSONValue) throws(ControlError)
    -> [(key: String, value: JSONValue)]
  {
    guard let members = document.members else {
      throw ControlError(400, "the settings must be a JSON object", code: "INVALID_ARGUMENT")
    }
    return members
  }

  private func logValue(_ name: String, _ value: JSONValue) throws(ControlError)
    -> LogSettingValue
  {
    switch value {
    case .bool(let flag): return .bool(flag)
    case .text(let text): return .text(text)
    case .null, .integer, .unsigned, .number, .array, .object:
      guard let number = value.unsignedInteger else {
        throw ControlError(
          400, "log setting '\(name)' must be a boolean, a string or a whole number",
          code: "INVALID_ARGUMENT")
      }
      return .number(number)
    }
  }

  private func traceValue(_ name: String, _ value: JSONValue) throws(ControlError) -> [String]? {
    switch value {
    case .null: return nil
    case .array(let elements):
      var values: [String] = []
      for element in elements { values.append(try traceText(name, element)) }
      return values
    case .bool, .integer, .unsigned, .number, .text, .object:
      return [try traceText(name, value)]
    }
  }

  private func traceText(_ name: String, _ value: JSONValue) throws(ControlError) -> String {
    switch value {
    case .text(let text): return text
    case .integer(let number): return String(number)
    case .unsigned(let number): return String(number)
    case .null, .bool, .number, .array, .object:
      throw ControlError(
        400, "trace setting '\(name)' must be a string, a list of strings or null",
        code: "INVALID_ARGUMENT")
    }
  }
}
