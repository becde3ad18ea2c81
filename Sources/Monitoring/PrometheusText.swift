package import Inference

/// The metrics page: the server's own figures, and the names that boards for Triton read.
package enum PrometheusText {
  /// The media type of the page.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// The page. Any thread; proportional to the number of model versions.
  package static func render(
    _ statistics: [ModelStatistics], process: ProcessFigures, gateway: GatewayFigures
  ) -> String {
    var page = MetricsPage()
    let models = statistics.map { LabelledModel($0) }
    page.addRequests(models)
    page.addStages(models)
    page.addBatches(models)
    page.addModelGauges(models)
    page.addTritonCounts(models)
    page.addTritonDurations(models)
    page.addTritonMachine(process)
    if let decisions = gateway.decisions { page.addDecisions(decisions) }
    page.addListeners(gateway)
    page.addServer(gateway)
    page.addProcess(process)
    return page.text
  }
}

/// A version's figures with its labels ready to print.
struct LabelledModel {
  let figures: ModelStatistics
  let labels: String

  init(_ figures: ModelStatistics) {
    self.figures = figures
    labels =
      MetricsPage.label("model", figures.name) + "," + MetricsPage.label("version", figures.version)
  }
}
