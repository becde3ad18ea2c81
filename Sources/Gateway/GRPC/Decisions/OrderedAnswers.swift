internal import NIOCore

/// Answers that come in any order and leave in the order of their requests.
struct OrderedAnswers {
  private var answers: [ByteBuffer?] = []
  /// The ticket of the first of them.
  private var first = 0

  /// Requests that have not left.
  var count: Int { answers.count }
  var isEmpty: Bool { answers.isEmpty }

  /// A place for one more; its ticket.
  mutating func open() -> Int {
    answers.append(nil)
    return first + answers.count - 1
  }

  /// Fills a place, once.
  mutating func fill(_ ticket: Int, _ answer: ByteBuffer) {
    guard answers.indices.contains(ticket - first) else { return }
    answers[ticket - first] = answer
  }

  /// Takes the oldest answer, if it is there.
  mutating func next() -> ByteBuffer? {
    guard let answer = answers.first, let answer else { return nil }
    answers.removeFirst()
    first += 1
    return answer
  }

  /// Forgets all.
  mutating func removeAll() {
    first += answers.count
    answers.removeAll()
  }
}
