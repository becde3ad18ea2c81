internal import ModelRuntimes

/// Carries an instance to the thread that will own or free it.
///
/// Guarded by hand-over: filled on one thread, from then on touched by one other only.
final class InstanceBox: @unchecked Sendable {
  private var instance: (any ModelInstance)?

  init(_ instance: any ModelInstance) { self.instance = instance }

  /// The instance, once; the box holds it no more.
  func take() -> (any ModelInstance)? {
    defer { instance = nil }
    return instance
  }
}
