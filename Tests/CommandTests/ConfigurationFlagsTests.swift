import ArgumentParser
import Foundation
import ModelStore
import Monitoring
import Tensors
import Testing

@testable import NeedletailCommand

@Suite struct ConfigurationFlagsTests {
  private func resolve(_ arguments: String...) throws -> (ServerOptions, [String]) {
    let flags = try ConfigurationFlags.parse(arguments)
    let (options, problems) = flags.resolve()
    return (options, problems.map(\.description))
  }

  private let repository = ["--model-repository", NSTemporaryDirectory()]

  @Test func `every option is a flag and a key`() throws {
    let flags = try ConfigurationFlags.parse([])
    #expect(Set(flags.values.map(\.key)) == Set(OptionTable.all.map(\.key)))
    #expect(Set(OptionTable.all.map(\.key)).count == OptionTable.all.count)
    let help = ConfigurationFlags.helpMessage(columns: 200)
    for option in OptionTable.all {
      let flag = "--" + option.key.replacingOccurrences(of: "_", with: "-")
      #expect(help.contains(flag), "\(flag)")
    }
  }

  @Test func `booleans take values as Triton's flags do`() throws {
    let (options, problems) = try resolve(
      "--model-store", NSTemporaryDirectory(), "--log-info=false", "--allow-grpc", "0",
      "--disable-auto-complete-config", "--strict-readiness=true")
    #expect(problems.isEmpty, "\(problems)")
    #expect(!options.log.logInfo)
    #expect(!options.grpc.isAllowed)
    #expect(options.disablesAutoComplete)
  }

  @Test func `a flag beats the file and the file beats the default`() throws {
    let path = NSTemporaryDirectory() + "needletail-\(UUID().uuidString).yaml"
    try "http_port: 9100\ngrpc_port: 9101\n".write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let (options, problems) = try resolve(
      "--config", path, "--http-port", "9200", repository[0], repository[1])
    #expect(problems.isEmpty, "\(problems)")
    #expect(options.http.port == 9_200)
    #expect(options.grpc.port == 9_101)
    #expect(options.metrics.port == 8_002)
  }

  @Test(arguments: [
    ([], "no model repository"),
    (["--model-repository", "/no/such"], "model repository '/no/such' does not exist"),
    (["--http-port", "8001"], "'grpc_port' is 8001, which 'http_port' uses too"),
    (["--allow-http=false", "--allow-grpc=false"], "both HTTP and gRPC are switched off"),
    (["--load-model", "a"], "only in model control mode explicit"),
    (["--trace-config", "level=TIMESTAMPS"], "trace file name is not given"),
    (["--trace-config", "level=TENSORS"], "TENSORS is not supported"),
    (["--trace-config", "opentelemetry,url=x"], "mode opentelemetry is not supported"),
    (["--trace-config", "rate"], "write setting=value"),
    (["--grpc-use-ssl=true"], "'grpc_use_ssl' needs 'grpc_server_cert'"),
    (["--drain-seconds=-1"], "use 0 to 3600"),
    (["--config", "/no/file.yaml"], "/no/file.yaml: cannot be read"),
  ] as [([String], String)])
  func `what cannot be served is said before anything starts`(
    arguments: [String], expected: String
  ) throws {
    let (_, problems) = try ConfigurationFlags.parse(arguments).resolve()
    #expect(problems.contains { $0.description.contains(expected) }, "\(problems)")
  }

  @Test func `the example request is zeros that fit the model`() {
    let body = Banner.body(of: [
      TensorSpec(name: "x", elementType: .fp32, dimensions: [-1, 2]),
      TensorSpec(name: "t", elementType: .bytes, dimensions: [-1, 1]),
    ])
    #expect(
      body
        == #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[0,0]},"#
        + #"{"name":"t","shape":[1,1],"datatype":"BYTES","data":["text"]}]}"#)
    #expect(
      Banner.body(of: [TensorSpec(name: "x", elementType: .fp32, dimensions: [1_000])]) == nil)
    #expect(Banner.body(of: [TensorSpec(name: "x", elementType: .fp16, dimensions: [1])]) == nil)
  }

  @Test func `a table's columns line up`() {
    #expect(
      ModelTable.aligned([["A", "LONG"], ["longer", "b"]]) == ["A       LONG", "longer  b"])
    #expect(ModelTable.duration(4_250) == "4.3 us")
    #expect(ModelTable.duration(1_250_000) == "1250 us")
    #expect(ModelTable.duration(25_000_000) == "25 ms")
  }
}
