/// Tables and sentences in a hundred columns.
enum TextLayout {
  static let width = 100

  /// A table: its title and column names, its rows, its notes; empty if it has no rows or notes.
  static func lines(_ table: ReportTable, style: TextStyle) -> [String] {
    guard !table.rows.isEmpty || !table.notes.isEmpty else { return [] }
    var lines = [style.paint(clip(table.title, width), .neutral)]
    if !table.rows.isEmpty { lines += rows(table) }
    for note in table.notes {
      lines += wrap("  ", note.split(separator: " ").map(String.init), " ")
    }
    return lines
  }

  /// Column names, where there are any, and rows; figures stand at the right, their marks apart.
  private static func rows(_ table: ReportTable) -> [String] {
    let names = table.columns.map(\.name)
    var rows = (names.allSatisfy(\.isEmpty) ? [] : [names]) + table.rows
    for column in table.columns.indices where table.columns[column].isFigure {
      let mark = ReportTable.sparseMark
      guard table.rows.contains(where: { $0.count > column && $0[column].hasSuffix(mark) }) else {
        continue
      }
      for row in rows.indices where rows[row].count > column {
        if !rows[row][column].hasSuffix(mark) { rows[row][column] += " " }
      }
    }
    let (widths, gap) = widths(rows, table.columns)
    return rows.map { row in
      var line = " "
      for (column, cell) in row.enumerated() where column < widths.count {
        let isFigure = column < table.columns.count && table.columns[column].isFigure
        line +=
          String(repeating: " ", count: column == 0 ? 1 : gap)
          + pad(clip(cell, widths[column]), widths[column], atRight: !isFigure)
      }
      return trimmed(line)
    }
  }

  /// Facts, their subjects in a column of their own.
  static func lines(_ facts: [ReportFact]) -> [String] {
    let subjects = facts.map(\.subject.count).max() ?? 0
    return facts.flatMap { fact in
      wrap(pad(fact.subject, subjects) + "  ", fact.parts, ", ")
    }
  }

  /// Pieces in lines, none wider than ``width``, all but the first indented like it.
  static func wrap(_ start: String, _ pieces: [String], _ separator: String) -> [String] {
    let indent = String(repeating: " ", count: start.count)
    var lines: [String] = []
    var line = start
    var isFresh = true
    let room = width - indent.count - 1
    for (index, piece) in pieces.enumerated() {
      let tail = index + 1 < pieces.count ? trimmed(separator) : ""
      // What no line can hold is broken between its words: advice that is cut off advises nobody.
      let whole = piece + tail
      let parts = whole.count <= room ? [whole] : whole.split(separator: " ").map(String.init)
      for part in parts.map({ clip($0, room) }) {
        if !isFresh, line.count + 1 + part.count > width {
          lines.append(trimmed(line))
          line = indent
          isFresh = true
        }
        line += (isFresh ? "" : " ") + part
        isFresh = false
      }
    }
    return lines + [trimmed(line)]
  }

  /// At most `width` characters; what is cut ends in `…`.
  static func clip(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : String(text.prefix(max(0, width - 1))) + "…"
  }

  static func pad(_ text: String, _ width: Int, atRight: Bool = true) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return atRight ? text + space : space + text
  }

  /// The widest cell of each column, and the space between columns; where a row would not fit, the
  /// space gives way, then the widest columns, those of words first.
  private static func widths(
    _ rows: [[String]], _ columns: [ReportTable.Column]
  ) -> (widths: [Int], gap: Int) {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        guard column < columns.count else { continue }
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    func total(_ gap: Int) -> Int { 2 + widths.reduce(0, +) + gap * max(0, widths.count - 1) }
    let gap = total(2) <= width ? 2 : 1
    while total(gap) > width {
      let words = widths.indices.filter { columns[$0].isFigure == false && widths[$0] > 12 }
      let any = widths.indices.filter { widths[$0] > 7 }
      let candidates = words.isEmpty ? any : words
      guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
    }
    return (widths, gap)
  }

  private static func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}
