/// Why a change of a setting was refused; nothing was changed. `message` is fit for the caller.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
  package var message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}
