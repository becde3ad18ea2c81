import ArgumentParser

/// Where the server listens.
struct AddressFlags: ParsableArguments {
  @Option(
    name: [.customShort("u"), .long],
    help: ArgumentHelp(
      "The server: http://, https://, grpc://, grpcs://, http+unix://, grpc+unix:// or "
        + "in-process:MODEL_REPOSITORY.", valueName: "url"))
  var url = "http://localhost:8000"
}

/// How requests reach the server; the same for every subcommand that sends some.
struct TargetFlags: ParsableArguments {
  @Option(help: "Connections at the start, over all threads (default: as many as needed).")
  var connections: Int?
  @Option(help: "Connections at most: an open loop dials more while arrivals wait.")
  var connectionsMax = 1_024
  @Option(help: "Requests at a time on one gRPC connection.")
  var streams = 32
  @Option(help: "Threads that send; more if the report says that the generator lags.")
  var threads = 1
  @Option(help: "Time after which a request counts as unanswered, for example 500ms.")
  var timeout = "10s"
  @Option(
    name: [.customShort("H"), .long],
    help: "'Name: value' sent with every request (gRPC: as metadata); repeat for several.")
  var header: [String] = []
  @Option(help: "PEM file of the roots to trust (default: the system's).")
  var ca: String?
  @Flag(help: "Accept any certificate.")
  var insecure = false
  @Option(help: "PEM file of our own certificate chain, for servers that ask.")
  var certificate: String?
  @Option(help: "PEM file of the key of --certificate.")
  var key: String?
  @Option(
    help: "Process of the server, for its processor time and memory (default: found by its port).")
  var serverPid: Int?
}
