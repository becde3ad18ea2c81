import Testing

@testable import LoadGenerator

@Suite struct FigureTextTests {
  @Test(arguments: [
    (0, "0"), (0.2, "0 ns"), (812, "812 ns"), (999.4, "999 ns"), (999.6, "1.00 µs"),
    (4_210_000, "4.21 ms"), (9_996_000, "10.0 ms"), (99_960_000, "100 ms"),
    (999_600_000, "1.00 s"), (12_300_000_000, "12.3 s"), (7.2e15, "2,000 h"),
    (9.2e18, "106,481 d"), (-5_000, "-5.00 µs"), (Double.nan, "-"), (.infinity, "-"),
  ])
  func `durations have three digits and a unit`(nanoseconds: Double, text: String) {
    #expect(FigureText.duration(nanoseconds) == text)
  }

  @Test(arguments: [
    (0, "0 %"), (1, "100 %"), (0.9998, "99.980 %"), (0.999999, ">99.999 %"),
    (0.0000001, "<0.001 %"), (0.00062, "0.062 %"), (0.0231, "2.31 %"), (0.5, "50.0 %"),
    (1.5, "150.0 %"), (Double.nan, "-"),
  ])
  func `not quite all and not quite nothing never read as such`(share: Double, text: String) {
    #expect(FigureText.share(share) == text)
  }

  @Test func `other figures`() {
    #expect(FigureText.rate(2_000) == "2,000/s")
    #expect(FigureText.rate(0.5) == "0.50/s")
    #expect(FigureText.rate(.infinity) == "-")
    #expect(FigureText.count(.max) == "18,446,744,073,709,551,615")
    #expect(FigureText.bytes(602_300) == "602 kB")
    #expect(FigureText.bytes(12) == "12 B")
    #expect(FigureText.bytes(1.8e19) == "18,000 PB")
    #expect(FigureText.ratio(0.92) == "0.920x")
    #expect(FigureText.ratio(123) == "123x")
    #expect(FigureText.fixed(-0.001, 2) == "0.00")
    #expect(FigureText.fixed(1234.5678, 3) == "1,234.568")
    #expect(FigureText.value(0.5, .share) == "50.0 %")
    #expect(FigureText.value(3, .count) == "3.00")
  }

  @Test func `text from outside cannot steer a terminal`() {
    #expect(FigureText.printable("a\u{1B}[31mb\r\nc\u{202E}d\u{2028}e") == "a [31mb c d e")
    #expect(FigureText.printable("abcdef", limit: 3) == "abc…")
    #expect(FigureText.printable("日本語 é") == "日本語 é")
  }
}
