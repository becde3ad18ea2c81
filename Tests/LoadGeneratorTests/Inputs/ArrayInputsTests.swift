import Foundation
import LoadGenerator
import NIOCore
import Tensors
import Testing

@Suite struct ArrayInputsTests {
  /// A NumPy file as numpy.save writes it.
  private static func npy(
    _ type: String, _ shape: String, _ content: [UInt8], version: UInt8 = 1, order: String = "False"
  ) -> [UInt8] {
    var header = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
    let prefix = version == 1 ? 10 : 12
    while (header.utf8.count + 1 + prefix) % 64 != 0 { header += " " }
    header += "\n"
    let length = header.utf8.count
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [version, 0]
    bytes += [UInt8(length & 255), UInt8(length >> 8)] + (version == 1 ? [] : [0, 0])
    return bytes + Array(header.utf8) + content
  }

  private static func read(
    _ bytes: [UInt8], _ model: ModelDescription, batchSize: Int = 1
  ) throws -> InputSet {
    try ArrayInputs.read(
      [("x", InputFile(path: "a.npy", bytes: bytes))], for: model, batchSize: batchSize)
  }

  private static func error(
    _ bytes: [UInt8], _ model: ModelDescription = InputSamples.model(.uint8, [-1, 2])
  ) -> String {
    do {
      _ = try read(bytes, model)
      return ""
    } catch {
      return String(describing: error)
    }
  }

  @Test(arguments: [UInt8(1), 2, 3]) func `rows of an array fill batches`(_ version: UInt8) throws {
    let set = try Self.read(
      Self.npy("|u1", "(3, 2)", [1, 2, 3, 4, 5, 6], version: version),
      InputSamples.model(.uint8, [-1, 2]), batchSize: 2)
    #expect(
      set.sets.map { Array($0["x"]?.bytes.readableBytesView ?? .init()) }
        == [[1, 2, 3, 4], [5, 6, 1, 2]])
  }

  @Test(arguments: [
    ("|b1", ElementType.bool, 1), ("|i1", .int8, 1), ("<i2", .int16, 2), ("<i4", .int32, 4),
    ("<i8", .int64, 8), ("|u1", .uint8, 1), ("<u2", .uint16, 2), ("<u4", .uint32, 4),
    ("<u8", .uint64, 8), ("<f2", .fp16, 2), ("<f4", .fp32, 4), ("<f8", .fp64, 8), ("|V2", .bf16, 2),
    ("<V2", .bf16, 2),
  ]) func `every type is read`(_ name: String, _ type: ElementType, _ width: Int) throws {
    let bytes = (0..<2 * width).map { UInt8($0) }
    let set = try Self.read(Self.npy(name, "(2,)", bytes), InputSamples.model(type, [-1]))
    #expect(set.sets.map { $0["x"]?.bytes.readableBytes } == [width, width])
    #expect(set.sets[0]["x"]?.elementType == type && set.sets[0]["x"]?.shape == [1])
  }

  @Test func `a flat column and a model without a batch dimension are fine`() throws {
    let flat = try Self.read(
      Self.npy("|u1", "(2,)", [1, 2]), InputSamples.model(.uint8, [-1, 1]))
    #expect(flat.sets.map { $0["x"]?.shape.values } == [[1, 1], [1, 1]])
    let whole = try Self.read(
      Self.npy("|u1", "(2, 3)", [1, 2, 3, 4, 5, 6]), InputSamples.model(.uint8, [3]))
    #expect(whole.sets.map { $0["x"]?.shape.values } == [[3], [3]])
  }

  @Test func `what cannot be used is refused with the fix`() {
    let cases: [([UInt8], String)] = [
      ([], "too few"), (Array("hello world".utf8), "numpy.save"),
      ([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 20), ".npz"),
      (Self.npy("|u1", "(1, 2)", [1]), "1 bytes of elements"),
      (Self.npy("|u1", "(1, 2)", [1, 2, 3]), "3 bytes of elements"),
      (Self.npy("<f4", "(1, 2)", [0]), "'<f4', input 'x' of model 'm' is UINT8"),
      (Self.npy(">f4", "(1, 2)", []), "big-endian"),
      (Self.npy("<U5", "(1, 2)", []), ".json or .csv"),
      (Self.npy("|S5", "(1, 2)", []), ".json or .csv"), (Self.npy("|O", "(1, 2)", []), "objects"),
      (Self.npy("<c8", "(1, 2)", []), "no counterpart"), (Self.npy("", "(1, 2)", []), "no counter"),
      (Self.npy("|u1", "(1, 2)", [1, 2], order: "True"), "ascontiguousarray"),
      (Self.npy("|u1", "(1, 2)", [1, 2], order: "0"), "True or False"),
      (Self.npy("|u1", "(1, 3)", [1, 2, 3]), "shape [1,3], input 'x' of model 'm' needs [rows,2]"),
      (Self.npy("|u1", "()", [1]), "needs [rows,2]"), (Self.npy("|u1", "(0, 2)", []), "0 rows"),
      (Self.npy("|u1", "(99999999999999999999,)", []), "too long"),
      (Self.npy("|u1", "(-1, 2)", []), "whole number"), (Self.npy("|u1", "1", []), "expected '('"),
      (Self.npy("|u1", "(9223372036854775807, 2)", []), "0 bytes"),
      (Self.npy("|u1'", "(1, 2)", [1, 2]), "malformed"), (Self.npy("\\x", "(1,)", []), "escape"),
      (Self.npy("|u1", "(1, 2), 'q': 1", [1, 2]), "unknown key 'q'"),
      (Self.npy("|u1", "(1, 2)", [1, 2], version: 4), "version 4.0"),
      (Array(Self.npy("|u1", "(1, 2)", []).prefix(30)), "no end"),
      (
        Array("\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) }) + [1, 0, 2, 0]
          + Array("{}".utf8),
        "lacks 'descr'"
      ),
    ]
    for (bytes, word) in cases {
      let error = Self.error(bytes)
      #expect(error.hasPrefix("a.npy") || error.contains(".npz"), "\(error)")
      #expect(error.contains(word), "\(error)")
    }
  }

  @Test func `files go with inputs by name`() throws {
    let model = InputSamples.model
    let x = InputFile(
      path: "x.npy", bytes: Self.npy("<f4", "(2, 2)", [UInt8](repeating: 0, count: 16)))
    let id = InputFile(
      path: "i.npy", bytes: Self.npy("<i8", "(2,)", [UInt8](repeating: 0, count: 16)))
    let short = InputFile(
      path: "i.npy", bytes: Self.npy("<i8", "(1,)", [UInt8](repeating: 0, count: 8)))
    #expect(try ArrayInputs.read([("x", x), ("id", id)], for: model, batchSize: 2).sets.count == 1)
    for (files, word) in [
      ([("x", x)], "no file for input 'id'"), ([("x", x), ("x", x)], "has a file already"),
      ([("x", x), ("id", short)], "has 1 rows, the others have 2"), ([("q", x)], "'q' is no input"),
    ] {
      do throws(BenchInputError) {
        _ = try ArrayInputs.read(files, for: model)
        Issue.record("taken: \(word)")
      } catch {
        #expect(error.description.contains(word), "\(error)")
      }
    }
  }

  @Test func `files of the command line are read`() throws {
    let bytes = Self.npy("|u1", "(2, 2)", [1, 2, 3, 4])
    try InputSamples.withFile("a.npy", bytes) { path in
      let source = try InputSource.parse(["x=\(path)"], random: RandomInputs())
      let set = try source.load(for: InputSamples.model(.uint8, [-1, 2]))
      #expect(set.sets.count == 2 && set.origin == path)
      var limits = InputLimits()
      limits.bytesMax = 20
      #expect(throws: BenchInputError.self) {
        try source.load(for: InputSamples.model(.uint8, [-1, 2]), limits: limits)
      }
    }
    for texts in [["a.npy", "b.csv"], ["=a.npy"], ["a.csv", "x=b.npy"]] {
      #expect(throws: BenchInputError.self) {
        try InputSource.parse(texts, random: RandomInputs())
      }
    }
    for path in ["a.npy", "a.npz", "a.txt", "/nowhere/a.csv", "a"] {
      #expect(throws: BenchInputError.self) {
        try InputSource.parse([path], random: RandomInputs()).load(for: InputSamples.model)
      }
    }
    #expect(throws: BenchInputError("'/tmp' is a directory; name a file")) {
      try InputFile.read("/tmp", bytesMax: 1)
    }
  }

  @Test func `damaged arrays never break it`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    let sound = Self.npy("|u1", "(3, 2)", [1, 2, 3, 4, 5, 6])
    let model = InputSamples.model(.uint8, [-1, 2])
    for _ in 0..<5_000 {
      var bytes = sound
      for _ in 0...random.below(3) {
        let place = random.below(min(bytes.count, 80))
        switch random.below(3) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next() >> 7)
        case 1: bytes.remove(at: place)
        default: bytes.insert(UInt8(0x20 + random.below(95)), at: place)
        }
      }
      guard let set = try? Self.read(bytes, model, batchSize: 2) else { continue }
      for input in set.sets.joined() {
        #expect(throws: Never.self, "seed \(seed)") { try input.tensor.validate() }
      }
    }
  }
}
