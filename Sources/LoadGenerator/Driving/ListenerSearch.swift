internal import NIOCore

/// Finds the processes of this machine that listen at an endpoint, through Linux's `/proc`.
enum ListenerSearch {
  /// One listening TCP socket, from a line of `/proc/net/tcp` or `tcp6`.
  struct Listener: Equatable {
    /// 4 or 16 bytes, in network order.
    var address: [UInt8]
    var port: Int
    var inode: String
  }

  /// The identifiers of the processes that hold the endpoint's listening socket, ascending; empty
  /// if it is on another machine, or theirs are not ours to look at. May block for a name look-up.
  static func processes(at endpoint: TargetEndpoint) -> [Int] {
    var inodes: Set<String> = []
    switch endpoint.place {
    case .unix(let path):
      inodes = Set(unixInodes(SystemFiles.text("/proc/net/unix") ?? "", path: path))
    case .tcp(let host, let port):
      guard let address = localAddress(of: host) else { return [] }
      let lines = ["/proc/net/tcp", "/proc/net/tcp6"].map { SystemFiles.text($0) ?? "" }
      let onPort = lines.flatMap(listeners).filter { $0.port == port }
      let exact = onPort.filter { sameAddress($0.address, address) }
      let wild = onPort.filter { $0.address.allSatisfy { $0 == 0 } }
      inodes = Set((exact.isEmpty ? wild : exact).map(\.inode))
    }
    return inodes.isEmpty ? [] : holders(of: inodes)
  }

  /// The listening sockets in the text of `/proc/net/tcp` or `tcp6`.
  static func listeners(_ text: String) -> [Listener] {
    text.split(separator: "\n").dropFirst().compactMap { line in
      let words = line.split(separator: " ")
      guard words.count > 9, words[3] == "0A" else { return nil }
      let place = words[1].split(separator: ":")
      guard place.count == 2, let port = Int(place[1], radix: 16),
        let address = address(place[0])
      else { return nil }
      return Listener(address: address, port: port, inode: String(words[9]))
    }
  }

  /// The inodes of sockets that listen at `path`, in the text of `/proc/net/unix`.
  static func unixInodes(_ text: String, path: String) -> [String] {
    text.split(separator: "\n").dropFirst().compactMap { line in
      let words = line.split(separator: " ", maxSplits: 7)
      // The flag says that the socket takes connections.
      guard words.count == 8, words[3] == "00010000", words[7] == path else { return nil }
      return String(words[6])
    }
  }

  /// The kernel writes an address as words of 32 bits in the machine's byte order.
  private static func address(_ text: Substring) -> [UInt8]? {
    guard text.utf8.count == 8 || text.utf8.count == 32 else { return nil }
    var bytes: [UInt8] = []
    var rest = text
    while !rest.isEmpty {
      guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
      for shift in [0, 8, 16, 24] as [UInt32] {
        bytes.append(UInt8(truncatingIfNeeded: word.littleEndian >> shift))
      }
      rest = rest.dropFirst(8)
    }
    return bytes
  }

  /// Whether two addresses are one, an IPv4 address in IPv6 form included.
  private static func sameAddress(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    func short(_ address: [UInt8]) -> [UInt8] {
      address.starts(with: mapped) ? Array(address.dropFirst(12)) : address
    }
    return short(a) == short(b)
  }

  /// The bytes of a host's address if it is this machine's.
  private static func localAddress(of host: String) -> [UInt8]? {
    guard let address = try? SocketAddress.makeAddressResolvingHost(host, port: 0),
      let bytes = octets(of: address.ipAddress)
    else { return nil }
    if bytes.count == 4, bytes[0] == 127 { return bytes }
    if bytes.dropLast().allSatisfy({ $0 == 0 }) { return bytes }
    let devices = (try? System.enumerateDevices()) ?? []
    return devices.contains { octets(of: $0.address?.ipAddress) == bytes } ? bytes : nil
  }

  private static func octets(of text: String?) -> [UInt8]? {
    guard let text else { return nil }
    if text.contains(":") { return ipv6Octets(text) }
    let parts = text.split(separator: ".").compactMap { UInt8($0) }
    return parts.count == 4 ? parts : nil
  }

  /// The bytes of an IPv6 address as the system writes it: groups in hexadecimal, one gap of `::`,
  /// perhaps an IPv4 address at the end.
  static func ipv6Octets(_ text: String) -> [UInt8]? {
    let plain = text.split(separator: "%", maxSplits: 1).first.map(String.init) ?? text
    var halves: [[UInt8]] = [[]]
    var groups = plain.split(separator: ":", omittingEmptySubsequences: false)
    if groups.first == "" { groups.removeFirst() }
    if groups.last == "" { groups.removeLast() }
    for group in groups {
      if group.isEmpty {
        halves.append([])
      } else if group.contains(".") {
        halves[halves.count - 1] += group.split(separator: ".").compactMap { UInt8($0) }
      } else if let value = UInt16(group, radix: 16) {
        halves[halves.count - 1] += [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
      } else {
        return nil
      }
    }
    if plain.hasSuffix("::"), halves.count == 1 { halves.append([]) }
    let known = halves.reduce(0) { $0 + $1.count }
    guard halves.count <= 2, known <= 16, halves.count == 2 || known == 16 else { return nil }
    let gap = [UInt8](repeating: 0, count: 16 - known)
    return halves.count == 2 ? halves[0] + gap + halves[1] : halves[0]
  }

  /// The processes that hold one of these sockets.
  private static func holders(of inodes: Set<String>) -> [Int] {
    let links = Set(inodes.map { "socket:[\($0)]" })
    return SystemFiles.names(in: "/proc").compactMap { Int($0) }.sorted().filter { process in
      SystemFiles.names(in: "/proc/\(process)/fd").contains { name in
        SystemFiles.destination(of: "/proc/\(process)/fd/\(name)").map(links.contains) ?? false
      }
    }
  }
}
