/// One chart of a page, with the figures behind it.
struct ChartFigure: Sendable {
  /// What one colour stands for.
  struct Key: Sendable, Equatable {
    /// The shape beside the name.
    enum Mark: String, Sendable {
      case line
      case dashed
      case box
    }

    var name: String
    /// The colour's class in the style sheet.
    var colour: String
    var mark: Mark

    init(_ name: String, _ colour: String, _ mark: Mark = .line) {
      self.name = name
      self.colour = colour
      self.mark = mark
    }
  }

  var title: String
  /// What to look for, in a sentence or two.
  var lead: String
  var keys: [Key]
  var svg: String
  var tables: [ReportTable]
  /// Whether the tables are open at first; long ones are not.
  var isOpen = true
}
