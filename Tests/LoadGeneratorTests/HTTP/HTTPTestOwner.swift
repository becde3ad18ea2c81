import LoadGenerator
import NIOCore

/// What a connection told its owner.
enum HTTPTestEvent: Equatable {
  case vacant
  case answered(ticket: Int, Outcome, status: Int, explanation: String)
  case ended(String?)
}

/// An owner that writes down what it is told, and may act on it.
final class HTTPTestOwner: LoadConnectionOwner {
  var events: [HTTPTestEvent] = []
  var answers: [Answer] = []
  var act: ((HTTPTestEvent, HTTPTestOwner) -> Void)?
  /// Set around calls into the connection: nothing may be told then.
  var isCalling = false
  var wasToldInsideCall = false

  func becameVacant(_ connection: any LoadConnection) { note(.vacant) }

  func answered(_ ticket: Int, _ answer: Answer) {
    answers.append(answer)
    note(
      .answered(
        ticket: ticket, answer.outcome, status: answer.status,
        explanation: String(buffer: answer.explanation)))
  }

  func ended(_ connection: any LoadConnection, reason: String?) { note(.ended(reason)) }

  /// Runs `body`, inside which nothing may be told.
  func calling(_ body: () -> Void) {
    isCalling = true
    body()
    isCalling = false
  }

  private func note(_ event: HTTPTestEvent) {
    if isCalling { wasToldInsideCall = true }
    events.append(event)
    act?(event, self)
  }
}

extension PreparedRequest {
  /// A request without a body.
  static func httpGet(_ path: String = "/", stamps: [Stamp] = []) -> PreparedRequest {
    let text = "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n"
    let bytes = HTTPRequestBytes(bytes: ByteBuffer(string: text), stamps: stamps)
    return PreparedRequest(entry: 0, payload: .http(bytes))
  }
}
