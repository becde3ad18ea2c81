/// Pieces of a page; every text from outside goes through ``escape(_:)``.
enum Markup {
  /// Text that is safe between tags and between the quotes of an attribute, in HTML and in SVG.
  static func escape(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n": result += " "
      // No page may hold these, escaped or not.
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A table that scrolls by itself where the screen is narrow; empty without rows and notes.
  static func table(_ table: ReportTable) -> String {
    guard !table.rows.isEmpty || !table.notes.isEmpty else { return "" }
    var text = ""
    if !table.rows.isEmpty {
      func cells(_ cells: [String], _ tag: String) -> String {
        cells.enumerated().map { column, cell in
          let isFigure = table.columns.indices.contains(column) && table.columns[column].isFigure
          return "<\(tag)\(isFigure ? "" : " class=\"w\"")>\(escape(trimmed(cell)))</\(tag)>"
        }.joined()
      }
      text +=
        "<div class=\"scroll\"><table><thead><tr>\(cells(table.columns.map(\.name), "th"))"
        + "</tr></thead><tbody>"
      for row in table.rows {
        text +=
          "<tr\(row.first?.hasPrefix(" ") == true ? " class=\"in\"" : "")>"
          + cells(row, "td") + "</tr>\n"
      }
      text += "</tbody></table></div>"
    }
    return text + table.notes.map { "<p class=\"note\">\(escape($0))</p>" }.joined()
  }

  /// A chart with its legend and its figures.
  static func figure(_ figure: ChartFigure) -> String {
    let keys = figure.keys.map {
      "<li><i class=\"\($0.mark.rawValue) \($0.colour)\"></i>\(escape($0.name))</li>"
    }
    let tables = figure.tables.map(table).joined()
    return """
      <section><h2>\(escape(figure.title))</h2>
      <p class="lead">\(escape(figure.lead))</p>
      <ul class="keys">\(keys.joined())</ul>
      <div class="scroll">\(figure.svg)</div>
      <details\(figure.isOpen ? " open" : "")><summary>Figures</summary>\(tables)</details>
      </section>

      """
  }

  /// A section that is a table alone; empty without rows and notes.
  static func section(_ table: ReportTable) -> String {
    let body = Self.table(table)
    return body.isEmpty ? "" : "<section><h2>\(escape(table.title))</h2>\n\(body)</section>\n"
  }

  /// Facts as a list of terms.
  static func facts(_ facts: [ReportFact]) -> String {
    let items = facts.filter { !$0.parts.isEmpty }.map {
      "<dt>\(escape($0.subject))</dt><dd>\(escape($0.parts.joined(separator: ", ")))</dd>"
    }
    return items.isEmpty ? "" : "<dl>\(items.joined(separator: "\n"))</dl>\n"
  }

  /// Large figures side by side: a name, the figure, and what it means.
  static func tiles(_ tiles: [(name: String, value: String, note: String)]) -> String {
    let items = tiles.map {
      "<div><span>\(escape($0.name))</span><b>\(escape($0.value))</b>"
        + "<small>\(escape($0.note))</small></div>"
    }
    return "<div class=\"tiles\">\(items.joined())</div>\n"
  }

  private static func trimmed(_ text: String) -> String {
    String(text.drop { $0 == " " })
  }
}
