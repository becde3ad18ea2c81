import Gateway
import Inference
import NIOCore
import NeedletailTesting
import Tensors
import Testing

/// Requests over a real socket, and what comes back.
@Suite struct HTTPInferenceTests {
  private static func post(
    _ path: String, _ body: String, headers: String = "", tail: [UInt8] = []
  ) -> [UInt8] {
    let content = Array(body.utf8) + tail
    return Array(
      "POST \(path) HTTP/1.1\r\nHost: x\r\n\(headers)Content-Length: \(content.count)\r\n\r\n".utf8)
      + content
  }

  private static func exchange(
    _ bytes: [UInt8],
    models: [ScriptedHost.Entry] = [ScriptedHost.Entry("double", model: .doubling())]
  ) async throws -> RawHTTPClient.Answer {
    try await HTTPTestServer.with(models) { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send(bytes)
        return try await client.answer()
      }
    }
  }

  private static let infer = "/v2/models/double/infer"
  private static let json = """
    {"id":"a\\"1","inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2.5,-3,4e0]}]}
    """

  @Test func `JSON in, JSON out`() async throws {
    let answer = try await Self.exchange(Self.post(Self.infer, Self.json))
    #expect(answer.status == 200)
    #expect(
      answer.text
        == #"{"id":"a\"1","model_name":"double","model_version":"1","outputs":[{"name":"y","#
        + #""datatype":"FP32","shape":[1,4],"data":[2.0,5.0,-6.0,8.0]}]}"#)
    #expect(answer.headers["content-type"] == "application/json")
    #expect(answer.headers["inference-header-content-length"] == nil)
    let timing = try #require(answer.headers["server-timing"])
    #expect(timing.hasPrefix("decode;dur=") && timing.contains(", encode;dur="))
  }

  @Test func `data may come before its type and shape, nested`() async throws {
    let body = """
      {"inputs":[{"data":[[1,2,3,4],[5,6,7,8]],"name":"x","datatype":"FP32","shape":[2,4]}],\
      "outputs":[]}
      """
    let answer = try await Self.exchange(Self.post(Self.infer, body))
    #expect(answer.text.contains(#""shape":[2,4],"data":[2.0,4.0,6.0,8.0,10.0,12.0,14.0,16.0]"#))
  }

  @Test func `binary in, binary out`() async throws {
    let body = """
      {"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32",\
      "parameters":{"binary_data_size":16}}],\
      "parameters":{"binary_data_output":true}}
      """
    var floats = ByteBuffer()
    for value: Float in [1, 2, 3, 4] {
      floats.writeInteger(value.bitPattern, endianness: .little)
    }
    let bytes = Self.post(
      Self.infer, body, headers: "Inference-Header-Content-Length: \(body.utf8.count)\r\n",
      tail: Array(floats.readableBytesView))
    let answer = try await Self.exchange(bytes)
    #expect(answer.status == 200)
    let length = try #require(answer.headers["inference-header-content-length"].flatMap(Int.init))
    var tail = ByteBuffer(bytes: answer.body[length...])
    var values: [Float] = []
    while let bits = tail.readInteger(endianness: .little, as: UInt32.self) {
      values.append(Float(bitPattern: bits))
    }
    #expect(values == [2, 4, 6, 8])
    #expect(
      String(decoding: answer.body[..<length], as: UTF8.self)
        .contains(#""parameters":{"binary_data_size":16}}]}"#))
  }

  @Test func `a raw request is the bytes of the only input`() async throws {
    let bytes = Self.post(
      Self.infer, "", headers: "Inference-Header-Content-Length: 0\r\n",
      tail: [0, 0, 128, 63, 0, 0, 128, 63, 0, 0, 128, 63, 0, 0, 128, 63])
    let answer = try await Self.exchange(bytes)
    #expect(answer.status == 200)
    #expect(answer.body.suffix(4) == [0, 0, 0, 64])
  }

  @Test func `leftover and missing binary bytes are told apart`() async throws {
    let body = """
      {"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}]}
      """
    let headers = "Inference-Header-Content-Length: \(body.utf8.count)\r\n"
    let long = try await Self.exchange(
      Self.post(Self.infer, body, headers: headers, tail: [UInt8](repeating: 0, count: 17)))
    #expect(long.status == 400)
    #expect(long.text.hasPrefix(#"{"error":"unexpected additional input data for model"#))
    let short = try await Self.exchange(
      Self.post(Self.infer, body, headers: headers, tail: [UInt8](repeating: 0, count: 9)))
    #expect(short.status == 400)
    #expect(short.text.contains("unexpected size for input 'x', expecting 7 additional bytes"))
  }

  @Test func `an unknown model is 404, a failing one 500`() async throws {
    let unknown = try await Self.exchange(Self.post("/v2/models/none/infer", Self.json))
    #expect(unknown.status == 404)
    #expect(unknown.text.contains("Request for unknown model: 'none' is not found"))
    let failing = try await Self.exchange(
      Self.post("/v2/models/bad/infer", Self.json),
      models: [ScriptedHost.Entry("bad", model: .failing("no luck"))])
    #expect(failing.status == 500)
    #expect(failing.text.contains("no luck") && failing.text.contains(#""code":"RUN_FAILED""#))
  }

  @Test func `text goes in and out with its escapes`() async throws {
    let body = #"""
      {"inputs":[{"name":"in_s","shape":[1,2],"datatype":"BYTES","data":["é\n","\uD83D\uDE00\""]}]}
      """#
    let answer = try await Self.exchange(
      Self.post("/v2/models/echo/infer", body),
      models: [ScriptedHost.Entry("echo", model: .echo([("s", .bytes)]))])
    #expect(answer.text.contains(#""data":["é\n","😀\""]"#))
  }

  @Test func `half precision has no form in JSON`() async throws {
    let body =
      #"{"inputs":[{"name":"in_h","shape":[1,1],"datatype":"FP16","data":[1]}]}"#
    let answer = try await Self.exchange(
      Self.post("/v2/models/echo/infer", body),
      models: [ScriptedHost.Entry("echo", model: .echo([("h", .fp16)]))])
    #expect(answer.status == 400)
    #expect(answer.text.contains("sending FP16 data via JSON is not supported"))
  }

  @Test func `classification answers the highest values`() async throws {
    let body = """
      {"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,7,3,5]}],\
      "outputs":[{"name":"y","parameters":{"classification":2,"binary_data":false}}]}
      """
    let answer = try await Self.exchange(Self.post(Self.infer, body))
    #expect(
      answer.text.contains(
        #"{"name":"y","datatype":"BYTES","shape":[1,2],"data":["14.0:1","10.0:3"]}"#))
  }

  @Test func `a compressed request gets a compressed answer`() async throws {
    for format in CompressionFormat.allCases {
      let row = [String](repeating: "1.5", count: 4).joined(separator: ",")
      let rows = [String](repeating: row, count: 64).joined(separator: ",")
      let body =
        #"{"inputs":[{"name":"x","shape":[64,4],"datatype":"FP32","data":[\#(rows)]}]}"#
      var compressed = ByteBuffer()
      try Deflater.deflate(ByteBuffer(string: body), format, appendingTo: &compressed)
      let bytes = Self.post(
        Self.infer, "",
        headers: "Content-Encoding: \(format.name)\r\nAccept-Encoding: \(format.name)\r\n",
        tail: Array(compressed.readableBytesView))
      let answer = try await Self.exchange(bytes)
      #expect(answer.status == 200)
      #expect(answer.headers["content-encoding"] == format.name)
      let content = try Inflater.inflate(ByteBuffer(bytes: answer.body), format, limit: 1 << 20)
      #expect(String(buffer: content).contains("[3.0,3.0,3.0"))
    }
  }

  @Test func `requests sent ahead are answered in order`() async throws {
    try await HTTPTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        var bytes: [UInt8] = []
        for index in 0..<50 {
          let body =
            #"{"id":"\#(index)","inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","#
            + #""data":[1,1,1,1]}]}"#
          bytes += Self.post(Self.infer, body)
          bytes += Array("GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        }
        try await client.send(bytes)
        for index in 0..<50 {
          #expect(try await client.answer().text.hasPrefix(#"{"id":"\#(index)""#))
          #expect(try await client.answer().text.contains(#""live":true"#))
        }
      }
    }
  }

  @Test func `a body may come in chunks, byte by byte`() async throws {
    try await HTTPTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        var text =
          "POST \(Self.infer) HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        for part in [Self.json.prefix(20), Self.json.dropFirst(20)] {
          text += "\(String(part.utf8.count, radix: 16));x=y\r\n\(part)\r\n"
        }
        text += "0\r\nTrailer: x\r\n\r\n"
        for byte in text.utf8 { try await client.send([byte]) }
        let answer = try await client.answer()
        #expect(answer.status == 200)
        try await client.send(Self.post(Self.infer, Self.json))
        #expect(try await client.answer().status == 200)
      }
    }
  }

  @Test func `a deadline that has passed is refused`() async throws {
    let answer = try await Self.exchange(
      Self.post(Self.infer, Self.json, headers: "Needletail-Timeout-Us: 0\r\n"))
    #expect(answer.status == 504)
    #expect(answer.text.contains(#""code":"DEADLINE_EXCEEDED""#))
  }

  @Test func `a client that stops sending still gets its answer`() async throws {
    try await HTTPTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send(Self.post(Self.infer, Self.json))
        client.finishSending()
        let answer = try await client.answer()
        #expect(answer.status == 200 || answer.status == 499)
        #expect(try await client.readToEnd().isEmpty)
      }
    }
  }
}
