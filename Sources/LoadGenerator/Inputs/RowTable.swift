internal import NIOCore
internal import Tensors

/// Inputs as columns: tensors whose first dimension counts the same rows.
struct RowTable {
  var columns: NamedTensors
  var rows: Int

  /// The rows in groups of `batchSize`, sharing the columns' storage.
  ///
  /// The last group is filled up from the first rows, so that all requests cost the same.
  ///
  /// - Parameter countsRows: `false` for a model without a batch dimension: each row is a request.
  func sets(batchSize: Int, countsRows: Bool) -> [NamedTensors] {
    guard rows > 0, batchSize > 0 else { return [] }
    let count = (rows + batchSize - 1) / batchSize
    var readers = columns.map { ColumnReader($0.tensor, rows: rows) }
    var sets: [NamedTensors] = []
    sets.reserveCapacity(count)
    for _ in 0..<count {
      var set: NamedTensors = []
      set.reserveCapacity(columns.count)
      for index in columns.indices {
        let tensor = readers[index].next(batchSize, keepsRows: countsRows)
        set.append((columns[index].name, tensor))
      }
      sets.append(set)
    }
    return sets
  }
}

/// Walks one column, row by row; texts have no fixed width, so that a place is found only by going
/// there.
private struct ColumnReader {
  private let column: Tensor
  private let rows: Int
  private let rowElements: Int
  private var row = 0
  private var offset = 0

  init(_ column: Tensor, rows: Int) {
    self.column = column
    self.rows = rows
    rowElements = (column.shape.elementCount ?? 0) / max(1, rows)
  }

  /// The next `count` rows; begins again after the last.
  mutating func next(_ count: Int, keepsRows: Bool) -> Tensor {
    var bytes = piece(min(count, rows - row))
    var taken = min(count, rows - row)
    advance(by: taken, bytes.readableBytes)
    while taken < count {
      let part = min(count - taken, rows - row)
      var slice = piece(part)
      advance(by: part, slice.readableBytes)
      bytes.writeBuffer(&slice)
      taken += part
    }
    let dimensions = column.shape.values.dropFirst()
    let shape = TensorShape(keepsRows ? [count] + dimensions : Array(dimensions))
    return Tensor(
      elementType: column.elementType, shape: shape ?? column.shape, bytes: bytes)
  }

  private func piece(_ count: Int) -> ByteBuffer {
    let length: Int
    if let width = column.elementType.byteWidth {
      length = count * rowElements * width
    } else {
      length =
        BytesElements.offset(of: count * rowElements, in: column.bytes, from: offset) - offset
    }
    return column.bytes.getSlice(at: column.bytes.readerIndex + offset, length: length)
      ?? ByteBuffer()
  }

  private mutating func advance(by count: Int, _ length: Int) {
    row += count
    offset += length
    if row == rows { (row, offset) = (0, 0) }
  }
}

extension RowTable {
  /// One table of entries that each hold one or more rows; `nil` if their inputs or their shapes
  /// differ, so that they cannot share a batch.
  init?(joining entries: [NamedTensors]) {
    guard let first = entries.first else { return nil }
    guard entries.allSatisfy({ Self.areAlike($0, first) }) else { return nil }
    columns = first
    rows = 0
    for entry in entries { rows += entry.first?.tensor.shape[0] ?? 0 }
    for index in columns.indices {
      let total = entries.reduce(0) { $0 + $1[index].tensor.bytes.readableBytes }
      var bytes = ByteBufferAllocator().buffer(capacity: total)
      for entry in entries { bytes.writeImmutableBuffer(entry[index].tensor.bytes) }
      columns[index].tensor.bytes = bytes
      columns[index].tensor.shape = columns[index].tensor.shape.withFirst(rows)
    }
  }

  private static func areAlike(_ a: NamedTensors, _ b: NamedTensors) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy {
        $0.name == $1.name && $0.tensor.shape.hasSameRow(as: $1.tensor.shape)
      }
  }
}
