import NIOCore
import Testing

@testable import LoadGenerator

@Suite struct ErrorWordingsTests {
  private func text(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

  @Test func `wordings that differ in numbers are one`() {
    var wordings = ErrorWordings()
    wordings.count(.refused, status: 503, explanation: text("waited 1234 us for 7"))
    wordings.count(.refused, status: 503, explanation: text("waited 98 us for 12"))
    wordings.count(.refused, status: 429, explanation: text("waited 98 us for 12"))
    wordings.count(.failed, status: 503, explanation: text("waited 98 us for 12"))
    #expect(wordings.samples.map(\.count) == [2, 1, 1])
    #expect(wordings.samples[0].text == "waited 1234 us for 7")
  }

  @Test func `further wordings are counted without their text`() {
    var wordings = ErrorWordings()
    for letter in "abcdefghijklmnop" {
      wordings.count(.failed, status: 500, explanation: text("error \(letter)"))
    }
    #expect(wordings.samples.count == LoadRecording.samplesMax + 1)
    #expect(wordings.samples.last?.text == "")
    #expect(wordings.samples.last?.count == 8)
    #expect(wordings.samples.reduce(0) { $0 + $1.count } == 16)
  }

  @Test func `threads merge by wording, not by number`() {
    var first = ErrorWordings()
    var second = ErrorWordings()
    first.count(.refused, status: 503, explanation: text("waited 1 us"))
    second.count(.refused, status: 503, explanation: text("waited 20 us"))
    for letter in "abcdefgh" {
      second.count(.refused, status: 503, explanation: text("\(letter)"))
    }
    first.merge(second)
    #expect(first.samples.count == LoadRecording.samplesMax + 1)
    #expect(first.samples[0].count == 2)
    #expect(first.samples.reduce(0) { $0 + $1.count } == 10)
  }

  @Test func `bytes that are no text do no harm`() {
    var wordings = ErrorWordings()
    wordings.count(.failed, status: 500, explanation: ByteBuffer(bytes: [0xFF, 0xFE, 0x00]))
    wordings.count(.failed, status: 500, explanation: ByteBuffer())
    #expect(wordings.samples.count == 2)
  }
}
