import Testing

@testable import LoadGenerator

@Suite struct DurationTextTests {
  @Test(arguments: [
    ("5ms", 5_000_000), ("1.5s", 1_500_000_000), ("200us", 200_000), ("200 µs", 200_000),
    ("2m", 120_000_000_000), ("2min", 120_000_000_000), (" 1h ", 3_600_000_000_000), ("0", 0),
    ("0s", 0), ("7ns", 7), ("0.5ns", 1), (".5us", 500), ("1.s", 1_000_000_000),
    ("0.000000001s", 1), ("1.0000000014s", 1_000_000_001), ("270000h", 972_000_000_000_000_000),
  ] as [(String, Int64)])
  func `a number and its unit are read exactly`(text: String, nanoseconds: Int64) throws {
    #expect(try DurationText.parse(text) == nanoseconds)
  }

  @Test(arguments: [
    "", "5", "ms", "-5ms", "5 m s", "1 5ms", "5msec", "1e3ms", "five ms", "5,0ms", ".ms", "1.2.3s",
    "٣ms", "99999999999999999999h", "300000h", "5MS",
  ])
  func `anything else is refused with its text`(text: String) {
    do {
      let value = try DurationText.parse(text)
      Issue.record("'\(text)' is \(value)")
    } catch {
      #expect(error.description.contains("'\(text)'"))
    }
  }

  @Test(arguments: [
    (0, "0 ns"), (850, "850 ns"), (1_000, "1 us"), (4_210_000, "4.21 ms"), (999_499, "999 us"),
    (999_500, "1 ms"), (999_999_999, "1 s"), (5_000_000_000, "5 s"), (60_000_000_000, "60 s"),
    (120_000_000_000, "2 min"), (86_400_000_000_000, "24 h"), (12_345_678_900_000, "12346 s"),
    (-4_210_000, "-4.21 ms"), (1_234, "1.23 us"), (99_960, "100 us"), (9_996, "10 us"),
  ] as [(Int64, String)])
  func `durations are written with three digits`(nanoseconds: Int64, text: String) {
    #expect(DurationText.format(nanoseconds) == text)
  }

  @Test func `what is written is read again, to three digits`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = RandomSource(seed: seed)
    for _ in 0..<2_000 {
      let value = Int64(random.below(1 << (1 + random.below(55))))
      let read = try DurationText.parse(DurationText.format(value))
      #expect(abs(read - value) <= max(1, value / 180), "\(value)")
    }
    #expect(DurationText.format(Int64.min).hasPrefix("-"))
  }

  @Test(arguments: [
    (0, "0"), (0.5, "0.5"), (0.01234, "0.0123"), (0.9996, "1"), (12.34, "12.3"), (-2.5, "-2.5"),
    (1520.4, "1520"), (1e300, "1e+300"), (1e-12, "0"), (99.97, "100"), (0.001, "0.001"),
  ] as [(Double, String)])
  func `numbers are written with three digits`(value: Double, text: String) {
    #expect(DecimalText.short(value) == text)
  }
}
