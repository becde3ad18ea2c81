internal import Inference

/// What `grpc.health.v1` says of a service.
enum ServiceHealth {
  /// The state of `service`: empty or one of the services here is the whole server, every other
  /// name is a model. `nil` if there is no such model.
  static func status(
    of service: String, _ context: ServerContext
  ) async -> Grpc_Health_V1_HealthCheckResponse.ServingStatus? {
    if service.isEmpty || ReflectionIndex.shared.services.contains(service) {
      return await context.isReady() ? .serving : .notServing
    }
    do throws(InferenceError) {
      let isReady = try context.engine.isReady(model: service, version: "")
      return isReady && context.lifecycle == .serving ? .serving : .notServing
    } catch {
      return nil
    }
  }
}
