internal import Inference
internal import Monitoring
internal import NIOCore
internal import SwiftProtobuf

extension ControlService {
  /// The trace extension: changes what the request names, and answers all settings.
  func answerTraceSetting(_ message: ByteBuffer) throws(GRPCStatus) -> ByteBuffer {
    let request: Inference_TraceSettingRequest = try ControlMessage.read(message)
    if !request.modelName.isEmpty {
      try Self.mapping { () throws(InferenceError) in
        _ = try context.engine.isReady(model: request.modelName, version: "")
      }
    }
    if !request.settings.isEmpty {
      // A setting without a value goes back to what holds for all models.
      let changes = request.settings.mapValues { $0.value.isEmpty ? nil : $0.value }
      do throws(SettingsError) {
        try context.traces.update(model: request.modelName, changes)
      } catch {
        throw GRPCStatus(.invalidArgument, error.message)
      }
    }
    var response = Inference_TraceSettingResponse()
    for setting in context.traces.settings(model: request.modelName) {
      var value = Inference_TraceSettingResponse.SettingValue()
      value.value = setting.values
      response.settings[setting.name] = value
    }
    return try ControlMessage.write(response)
  }

  /// The logging extension: changes what the request names, and answers all settings.
  func answerLogSettings(_ message: ByteBuffer) throws(GRPCStatus) -> ByteBuffer {
    let request: Inference_LogSettingsRequest = try ControlMessage.read(message)
    if !request.settings.isEmpty {
      var changes: [String: LogSettingValue] = [:]
      for (name, setting) in request.settings {
        switch setting.parameterChoice {
        case .boolParam(let value): changes[name] = .bool(value)
        case .uint32Param(let value): changes[name] = .number(UInt64(value))
        case .stringParam(let value): changes[name] = .text(value)
        case nil:
          throw GRPCStatus(.invalidArgument, "log setting '\(name)' has no value; give it one")
        }
      }
      do throws(SettingsError) { try context.logs.update(changes) } catch {
        throw GRPCStatus(.invalidArgument, error.message)
      }
    }
    let settings = context.logs.settings
    var response = Inference_LogSettingsResponse()
    response.settings["log_file"] = .with { $0.stringParam = settings.logFile }
    response.settings["log_info"] = .with { $0.boolParam = settings.logInfo }
    response.settings["log_warning"] = .with { $0.boolParam = settings.logWarning }
    response.settings["log_error"] = .with { $0.boolParam = settings.logError }
    response.settings["log_verbose_level"] = .with { $0.uint32Param = settings.verboseLevel }
    response.settings["log_format"] = .with { $0.stringParam = settings.format }
    return try ControlMessage.write(response)
  }
}
