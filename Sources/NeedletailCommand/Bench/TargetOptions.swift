import Foundation
import LoadGenerator

/// ``TargetFlags``, checked.
struct TargetOptions: Sendable {
  var url: String
  var target: LoadGenerator.Target
  var headers: [(name: String, value: String)] = []
  /// `nil` chooses by the pacing.
  var connections: Int?
  var connectionsMax: Int
  var streams: Int
  var threads: Int
  var timeoutNanoseconds: Int64
  /// `nil` looks for the process that listens.
  var serverPID: Int?

  /// The endpoint; `nil` inside this process.
  var endpoint: TargetEndpoint? {
    if case .network(let endpoint) = target { endpoint } else { nil }
  }

  /// Connections at the start for a load: a closed loop has room for all of its requests, an open
  /// one begins with a few and dials while arrivals wait.
  func connections(for pacing: LoadPlan.Pacing) -> Int {
    let room = endpoint?.wire == .http ? 1 : streams
    let wanted =
      switch pacing {
      case .closed(let concurrency): (concurrency + room - 1) / room
      case .open: endpoint?.wire == .http ? 16 : 2
      }
    return max(1, min(connections ?? wanted, connectionsMax))
  }
}

extension TargetFlags {
  /// The flags for one server, with every check.
  func resolve(url: String) throws(BenchInputError) -> TargetOptions {
    let tls = try tls()
    let target = try TargetURL.parse(url, tls: tls)
    if let connections {
      _ = try FlagCheck.number(connections, "--connections", in: 1...100_000)
    }
    let most = try FlagCheck.number(connectionsMax, "--connections-max", in: 1...100_000)
    if let connections, connections > most {
      throw BenchInputError(
        "--connections is \(connections), above --connections-max \(most); raise the latter")
    }
    if let serverPid { _ = try FlagCheck.number(serverPid, "--server-pid", in: 1...Int(Int32.max)) }
    var headers: [(name: String, value: String)] = []
    for text in header { headers.append(try RequestHeaders.parse(text)) }
    return TargetOptions(
      url: url, target: target, headers: headers, connections: connections,
      connectionsMax: most,
      streams: try FlagCheck.number(streams, "--streams", in: 1...100_000),
      threads: try FlagCheck.number(threads, "--threads", in: 1...256),
      timeoutNanoseconds: try FlagCheck.duration(
        timeout, "--timeout", in: 1_000_000...3_600_000_000_000),
      serverPID: serverPid)
  }

  /// What to trust and to show; `nil` leaves that to the URL.
  private func tls() throws(BenchInputError) -> TargetEndpoint.TLS? {
    let files: [(flag: String, path: String?)] = [
      ("--ca", ca), ("--certificate", certificate), ("--key", key),
    ]
    for case (let flag, let path?) in files { try FlagCheck.readable(path, flag) }
    guard (certificate == nil) == (key == nil) else {
      let missing = certificate == nil ? "--certificate" : "--key"
      throw BenchInputError("\(missing) is missing; give --certificate and --key together")
    }
    guard insecure || files.contains(where: { $0.path != nil }) else { return nil }
    var tls = TargetEndpoint.TLS()
    tls.rootsFile = ca
    tls.acceptsAnyCertificate = insecure
    tls.certificateFile = certificate
    tls.keyFile = key
    return tls
  }
}
