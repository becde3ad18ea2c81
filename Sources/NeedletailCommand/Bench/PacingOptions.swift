import LoadGenerator

/// ``PacingFlags``, checked.
struct PacingOptions: Sendable {
  var pacing: LoadPlan.Pacing
  var durationNanoseconds: Int64
  var requestsMax: Int?
  var warmUpNanoseconds: Int64
  var seed: UInt64
}

extension PacingFlags {
  /// The flags with every check; reads the trace file.
  ///
  /// - Parameter length: `nil` where the caller says how long a load lasts.
  func resolve(
    _ length: LengthFlags?, durationNanoseconds: Int64 = 0, warmUpDefault: String = "1s"
  ) throws(BenchInputError) -> PacingOptions {
    let pacing = try pacing()
    // The warm-up would take the beginning of what has one.
    let unasked = Self.hasBeginning(pacing) ? "0s" : warmUpDefault
    var options = PacingOptions(
      pacing: pacing, durationNanoseconds: durationNanoseconds, requestsMax: nil,
      warmUpNanoseconds: try FlagCheck.duration(
        warmUp ?? unasked, "--warm-up", in: 0...86_400_000_000_000),
      seed: seed)
    guard let length else { return options }
    options.durationNanoseconds = try FlagCheck.duration(
      length.duration, "--duration", in: 1_000_000...86_400_000_000_000)
    if let requests = length.requests {
      options.requestsMax = try FlagCheck.number(requests, "--requests", in: 1...1_000_000_000)
    }
    return options
  }

  private static func hasBeginning(_ pacing: LoadPlan.Pacing) -> Bool {
    switch pacing {
    case .open(.ramp), .open(.trace(_, periodNanoseconds: nil, _)): true
    default: false
    }
  }

  private func pacing() throws(BenchInputError) -> LoadPlan.Pacing {
    if let concurrency {
      if rate != nil {
        throw BenchInputError(
          "--rate and --concurrency exclude each other; --rate is open loop, --concurrency closed")
      }
      if arrivals != nil {
        throw BenchInputError("--arrivals is for --rate; leave it out with --concurrency")
      }
      return .closed(
        concurrency: try FlagCheck.number(concurrency, "--concurrency", in: 1...100_000))
    }
    let checked = try rate.map { value throws(BenchInputError) in
      try FlagCheck.rate(value, "--rate")
    }
    guard checked != nil || arrivals != nil else {
      throw BenchInputError(
        "no load is named; give --rate R (requests a second) or --concurrency N")
    }
    return .open(try ArrivalProcess(parsing: arrivals ?? "poisson", rate: checked))
  }
}
