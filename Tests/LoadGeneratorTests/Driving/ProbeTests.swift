import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import LoadGenerator

@Suite struct ProbeTests {
  private let group = MultiThreadedEventLoopGroup.singleton

  @Test func `listening sockets are read from the kernel's table`() throws {
    let text = """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when   uid  timeout inode
         0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 0 4711 1 0
         1: 0100007F:1F41 0100007F:1F40 01 00000000:00000000 00:00000000 00000000     0 0 4712 1 0
         2: broken
         3: 0100007F:XXXX 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 0 4713 1 0
      """
    let found = ListenerSearch.listeners(text)
    #expect(found.map(\.port) == [8_000])
    #expect(found.map(\.inode) == ["4711"])
    #expect(found.map(\.address.count) == [4])
    let six = "head\n 0: 00000000000000000000000001000000:1F40 0:0 0A 0 0 0 0 0 99 1\n"
    #expect(ListenerSearch.listeners(six).first?.address.count == 16)
  }

  @Test func `unix sockets are told apart by flag and path`() {
    let text = """
      Num       RefCount Protocol Flags    Type St Inode Path
      0000: 00000002 00000000 00010000 0001 01 100 /run/a b.sock
      0000: 00000003 00000000 00000000 0001 03 101 /run/a b.sock
      0000: 00000002 00000000 00010000 0001 01 102 /run/b.sock
      0000: 00000002 00000000 00010000 0001 01 103
      """
    #expect(ListenerSearch.unixInodes(text, path: "/run/a b.sock") == ["100"])
    #expect(ListenerSearch.unixInodes(text, path: "/run/none") == [])
  }

  @Test func `addresses of the newer protocol are read as the system writes them`() {
    #expect(ListenerSearch.ipv6Octets("::1") == [UInt8](repeating: 0, count: 15) + [1])
    #expect(ListenerSearch.ipv6Octets("::") == [UInt8](repeating: 0, count: 16))
    #expect(ListenerSearch.ipv6Octets("fe80::1%eth0")?.first == 0xFE)
    #expect(ListenerSearch.ipv6Octets("1::")?.prefix(2) == [0, 1])
    #expect(ListenerSearch.ipv6Octets("::ffff:127.0.0.1")?.suffix(4) == [127, 0, 0, 1])
    #expect(ListenerSearch.ipv6Octets("1:2:3:4:5:6:7:8")?.count == 16)
    #expect(ListenerSearch.ipv6Octets("1:2:3") == nil)
    #expect(ListenerSearch.ipv6Octets("x::") == nil)
    #expect(ListenerSearch.ipv6Octets("1::2::3") == nil)
  }

  @Test func `the tables of the machine are read, and odd ones are not`() {
    let stat = "cpu  10 1 5 80 2 1 1 4 0 0\ncpu0 1 2 3\n"
    let ticks = MachineProbe.Ticks(stat)
    #expect(ticks?.busy == 18)
    #expect(ticks?.steal == 4)
    #expect(ticks?.all == 104)
    #expect(MachineProbe.Ticks("cpu 1 2 3") == nil)
    #expect(MachineProbe.Ticks("") == nil)
    let name = MachineProbe.processorName("processor: 0\nmodel name\t: Some CPU @ 2 GHz\n")
    #expect(name == "Some CPU @ 2 GHz")
    #expect(MachineProbe.processorName("") == "")
    #expect(SystemFiles.number("VmRSS", in: "VmRSSx: 1\nVmRSS:\t  52 kB\n") == 52)
    #expect(SystemFiles.number("VmHWM", in: "VmHWM: much") == nil)
  }

  @Test func `a run on this machine is measured`() {
    let probe = MachineProbe()
    #expect(probe.finish(serverNanoseconds: nil) == nil)
    probe.start()
    let usage = probe.finish(serverNanoseconds: nil)
    #expect((usage?.cores ?? 0) > 0)
    #expect((usage?.elapsedNanoseconds ?? 0) > 0)
  }

  #if os(Linux)
    @Test func `a system file is read whole, although it claims to be empty`() throws {
      let text = try #require(SystemFiles.text("/proc/self/smaps"))
      #expect(text.utf8.count > 20_000)
      #expect(SystemFiles.text("/proc/no such file") == nil)
    }

    @Test func `the process that listens is found and read`() async throws {
      let own = Int(ProcessInfo.processInfo.processIdentifier)
      let channel = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
      let port = try #require(channel.localAddress?.port)
      for host in ["127.0.0.1", "localhost"] {
        let endpoint = TargetEndpoint(wire: .http, place: .tcp(host: host, port: port))
        let probe = ServerProbe(endpoint: endpoint)
        #expect(probe?.processIdentifier == own)
      }
      try await channel.close()
      let path = FileManager.default.temporaryDirectory.path + "/probe-\(own).sock"
      let unix = try await ServerBootstrap(group: group)
        .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
      let endpoint = TargetEndpoint(wire: .grpc, place: .unix(path: path))
      let probe = try #require(ServerProbe(endpoint: endpoint))
      #expect(probe.finish() == nil)
      probe.start()
      probe.sample()
      let usage = try #require(probe.finish())
      #expect(usage.processIdentifier == own)
      #expect(usage.processes == 1)
      #expect(usage.residentStart > 1 << 20)
      #expect(usage.residentPeak >= usage.residentStart)
      #expect(usage.threads > 0)
      #expect(usage.cpuNanoseconds >= 0)
      try await unix.close()
      try? FileManager.default.removeItem(atPath: path)
    }
  #endif

  @Test func `what is not here has no probe`() {
    // TEST-NET-1, which belongs to no machine.
    let far = TargetEndpoint(wire: .http, place: .tcp(host: "192.0.2.1", port: 80))
    #expect(ServerProbe(endpoint: far) == nil)
    let none = TargetEndpoint(wire: .http, place: .unix(path: "/no/such.sock"))
    #expect(ServerProbe(endpoint: none) == nil)
    #expect(ServerProbe(processIdentifier: 0) == nil)
    #expect(ServerProbe(processIdentifier: -5) == nil)
  }
}
