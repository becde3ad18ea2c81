import Testing
import Timing

@testable import LoadGenerator

@Suite struct HTMLReportTests {
  /// One page of every kind and of every edge, walked once.
  private static let pages: [(name: String, page: String, scan: MarkupScan)] = {
    let documents =
      ResultFixtures.documents().map { ("\($0.kind)", $0) }
      + ResultFixtures.extremes().map { ($0.name, .load($0.result)) }
      + ResultFixtures.nastyDocuments().map { ("nasty \($0.kind)", $0) }
    return documents.map { name, document in
      let page = HTMLReport.write(document)
      return (name, page, MarkupScan(page))
    }
  }()

  @Test func `every tag of every page is closed in its order`() {
    for (name, _, scan) in Self.pages {
      #expect(scan.problems.isEmpty, "\(name): \(scan.problems.prefix(5))")
      #expect(scan.tags["html"] == 1 && scan.tags["h1"] == 1 && scan.tags["title"] ?? 0 >= 1)
    }
  }

  @Test func `a page runs nothing and loads nothing`() {
    for (name, page, scan) in Self.pages {
      for tag in ["script", "link", "img", "iframe", "object", "image", "use", "foreignobject"] {
        #expect(scan.tags[tag] == nil, "\(name) has <\(tag)>")
      }
      for (attribute, value) in scan.attributes {
        let attribute = attribute.lowercased()
        #expect(!["src", "href", "xlink:href", "srcset", "action"].contains(attribute), "\(name)")
        #expect(!attribute.hasPrefix("on"), "\(name): \(attribute)=\(value)")
      }
      #expect(!page.contains("url(") && !page.contains("@import"), "\(name)")
    }
  }

  @Test func `what comes from outside is text and nothing else`() {
    for document in ResultFixtures.nastyDocuments() {
      let page = HTMLReport.write(document)
      #expect(!page.contains("<script"))
      #expect(!page.contains("onload=1>"))
      #expect(page.contains("&lt;script&gt;"))
      #expect(!page.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }
    #expect(
      Markup.escape(#"<a href="x">'&'</a>"#)
        == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;")
    #expect(Markup.escape("a\u{1B}b\tc\nd") == "a\u{FFFD}b c d")
  }

  @Test func `numbers of a picture are numbers`() {
    for (name, _, scan) in Self.pages {
      for (attribute, value) in scan.attributes
      where ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"].contains(
        attribute)
      {
        guard let number = Double(value) else {
          Issue.record("\(name): \(attribute) is '\(value)'")
          continue
        }
        #expect(number >= -1 && number <= 800, "\(name): \(attribute)=\(value) is off the picture")
      }
    }
  }

  @Test func `a run has its five charts and a search its own`() {
    func titles(_ document: BenchDocument) -> [String] {
      HTMLReport.write(document).split(separator: "<h2>").dropFirst().map {
        String($0.prefix { $0 != "<" })
      }
    }
    let load = titles(.load(ResultFixtures.load(seconds: 3)))
    for title in ["Percentiles", "Where the time goes", "Time line", "Histogram"] {
      #expect(load.contains(title))
    }
    #expect(titles(.search(ResultFixtures.search())).contains("Latency against load"))
    let comparison = titles(.comparison(ResultFixtures.comparison()))
    #expect(comparison.contains("Percentiles") && comparison.contains("A against B"))
    #expect(titles(.comparison(ResultFixtures.comparison(withRuns: false))) == ["A against B"])
  }

  @Test func `a run without success says so and draws no latency`() {
    let failed = ResultFixtures.extremes().first { $0.name == "failed" }
    guard let result = failed?.result else { return }
    let page = HTMLReport.write(.load(result))
    #expect(page.contains("none of 500 requests was answered with success"))
    #expect(!page.contains("<h2>Percentiles</h2>") && !page.contains("<h2>Histogram</h2>"))
    #expect(page.contains("<h2>Time line</h2>"))
  }

  @Test func `the tables under the charts hold the figures of the text report`() {
    let result = ResultFixtures.small()
    let page = HTMLReport.write(.load(result))
    for table in [result.latencyTable, result.outcomeTable, result.stages.table] {
      for cell in table.rows.joined() where !cell.isEmpty {
        #expect(
          page.contains("\(Markup.escape(cell.drop { $0 == " " }.description))</td>"), "\(cell)")
      }
    }
  }

  @Test func `a search marks its best rate, its knee and its objective`() {
    let page = HTMLReport.write(.search(ResultFixtures.search()))
    #expect(page.contains(">best 2,500/s</text>"))
    #expect(page.contains(">knee 3,000/s</text>"))
    #expect(page.contains(">p99.9&lt;30ms</text>"))
    #expect(page.contains("class=\"hollow c2\""))
    var nothing = ResultFixtures.search()
    nothing.points = []
    nothing.bestRate = nil
    nothing.kneeRate = nil
    #expect(MarkupScan(HTMLReport.write(.search(nothing))).problems.isEmpty)
  }
}
