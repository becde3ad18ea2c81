import ArgumentParser

/// When requests are sent.
struct PacingFlags: ParsableArguments {
  @Option(help: "Open loop: requests a second, whatever the server does.")
  var rate: Double?
  @Option(
    help: ArgumentHelp(
      "Open loop: poisson, constant, bursts:base=100,peak=2000,on=1s,off=4s, "
        + "ramp:from=10,to=5000,over=30s or trace:FILE[,speed=2][,loop] (default: poisson)."))
  var arrivals: String?
  @Option(help: "Closed loop: requests under way at any time; each answer is followed by the next.")
  var concurrency: Int?
  @Option(
    help: ArgumentHelp(
      "Time of load before the measured part (default: 1s, rounds of compare 250ms; 0s for a ramp "
        + "or trace, whose beginning counts)."))
  var warmUp: String?
  @Option(help: "Where random arrivals, inputs and mixes start; the same seed is the same load.")
  var seed: UInt64 = 1
}

/// How long a load lasts: `bench load`.
struct LengthFlags: ParsableArguments {
  @Option(help: "Time that is measured, after the warm-up: 500ms, 10s, 2m.")
  var duration = "10s"
  @Option(help: "Requests at most, warm-up not counted (default: bounded by --duration alone).")
  var requests: Int?
}

/// Where results go.
struct OutputFlags: ParsableArguments {
  @Option(
    help: "Result file to write, for compare and report; '-' is the standard output.")
  var json: String?
  @Option(help: "CSV file to write, with the columns of perf_analyzer; '-' is the standard output.")
  var csv: String?
  @Option(help: "Page to write: one HTML file that needs no network.")
  var html: String?
  @Option(help: "Name of this measurement in reports (default: the URL and the model).")
  var label: String?
  @Flag(name: [.customShort("q"), .long], help: "No progress line, and no report table.")
  var quiet = false
}
