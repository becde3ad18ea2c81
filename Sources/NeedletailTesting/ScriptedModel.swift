package import ModelRuntimes
internal import NIOCore
package import Tensors
private import Timing

/// A model whose answers are written in Swift, for tests and trials. Any thread.
package final class ScriptedModel: LoadedModel {
  /// From one batch's inputs, in the order of the signature, to its outputs.
  package typealias Script = @Sendable ([Tensor]) throws(RuntimeFailure) -> [Tensor]

  package let signature: ModelSignature
  private let script: Script

  package init(signature: ModelSignature, script: @escaping Script) {
    self.signature = signature
    self.script = script
  }

  package func makeInstance() throws(RuntimeFailure) -> any ModelInstance {
    ScriptedInstance(signature: signature, script: script)
  }
}

/// Joins the requests of a batch and asks the script once.
private final class ScriptedInstance: ModelInstance {
  private let signature: ModelSignature
  private let script: ScriptedModel.Script

  init(signature: ModelSignature, script: @escaping ScriptedModel.Script) {
    self.signature = signature
    self.script = script
  }

  func run(_ requests: [[InputTensor]]) throws(RuntimeFailure) -> RunResult {
    var inputs: [Tensor] = []
    for place in requests[0].indices {
      var joined = requests[0][place].tensor
      for request in requests.dropFirst() {
        var bytes = request[place].tensor.bytes
        joined.bytes.writeBuffer(&bytes)
        joined.shape[0] += request[place].tensor.shape[0]
      }
      inputs.append(joined)
    }
    let started = MonotonicInstant.now()
    let outputs = try script(inputs)
    return RunResult(outputs: outputs, runStarted: started, runEnded: .now())
  }
}

extension ScriptedModel {
  /// `y = 2 * x`: one FP32 input `x` and one output `y`, each `[-1, columns]`.
  package static func doubling(columns: Int = 4) -> ScriptedModel {
    let dimensions = [-1, columns]
    return ScriptedModel(
      signature: ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .fp32, dimensions: dimensions)],
        outputs: [TensorSpec(name: "y", elementType: .fp32, dimensions: dimensions)])
    ) { inputs throws(RuntimeFailure) in
      var source = inputs[0].bytes
      var bytes = ByteBufferAllocator().buffer(capacity: source.readableBytes)
      while let bits = source.readInteger(endianness: .little, as: UInt32.self) {
        bytes.writeInteger((Float(bitPattern: bits) * 2).bitPattern, endianness: .little)
      }
      return [Tensor(elementType: .fp32, shape: inputs[0].shape, bytes: bytes)]
    }
  }

  /// Answers its inputs as they are: one input and one output of each name and type, named
  /// `in_<name>` and `out_<name>`, each `[-1, -1]`.
  package static func echo(_ types: [(name: String, type: ElementType)]) -> ScriptedModel {
    ScriptedModel(
      signature: ModelSignature(
        inputs: types.map {
          TensorSpec(name: "in_\($0.name)", elementType: $0.type, dimensions: [-1, -1])
        },
        outputs: types.map {
          TensorSpec(name: "out_\($0.name)", elementType: $0.type, dimensions: [-1, -1])
        })
    ) { inputs throws(RuntimeFailure) in inputs }
  }

  /// Fails every run with `message`; its tensors are those of ``doubling(columns:)``.
  package static func failing(_ message: String) -> ScriptedModel {
    ScriptedModel(signature: doubling().signature) { _ throws(RuntimeFailure) in
      throw RuntimeFailure(.runFailed, message)
    }
  }
}
