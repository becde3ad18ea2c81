/// Rows of figures that the text report and the page both show.
package struct ReportTable: Sendable, Equatable {
  /// One column.
  package struct Column: Sendable, Equatable {
    package var name: String
    /// Figures stand at the right, words at the left.
    package var isFigure: Bool

    package init(_ name: String, isFigure: Bool = true) {
      self.name = name
      self.isFigure = isFigure
    }

    /// A column of words.
    static func words(_ name: String) -> Column { Column(name, isFigure: false) }
  }

  package var title: String
  package var columns: [Column]
  /// As many cells a row as there are columns.
  package var rows: [[String]] = []
  /// Sentences under the table.
  package var notes: [String] = []

  package init(_ title: String, _ columns: [Column]) {
    self.title = title
    self.columns = columns
  }

  /// What a mark behind a percentile means.
  static let sparseMark = "*"
  static let sparseNote = "* fewer than 10 requests are beyond it: one more run may move it a lot"
}

/// Something that a report says of a run in one line: what it is about, and the sentence.
package struct ReportFact: Sendable, Equatable {
  package var subject: String
  /// Parts of the sentence; a comma stands between them.
  package var parts: [String]

  package init(_ subject: String, _ parts: [String]) {
    self.subject = subject
    self.parts = parts.filter { !$0.isEmpty }
  }
}
