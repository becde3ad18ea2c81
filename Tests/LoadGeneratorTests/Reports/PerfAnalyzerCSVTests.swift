import Testing
import Timing

@testable import LoadGenerator

@Suite struct PerfAnalyzerCSVTests {
  @Test func `columns and units are perf_analyzer's`() {
    #expect(
      PerfAnalyzerCSV.write(ResultFixtures.small()) == """
        Request Rate,Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue,\
        Server Compute Input,Server Compute Infer,Server Compute Output,Client Recv,\
        p50 latency,p90 latency,p95 latency,p99 latency
        1006,1000,0,200,4604,100,600,0,0,5498,9097,9547,9908

        """)
  }

  @Test func `a closed loop is rows of concurrency, and no stages are no columns`() {
    var result = ResultFixtures.small()
    result.run.concurrency = 16
    result.stages = StageFigures(StageTable())
    let lines = PerfAnalyzerCSV.write(result).split(separator: "\n")
    let names =
      "Concurrency,Inferences/Second,Client Send,Client Recv,p50 latency,p90 latency,"
      + "p95 latency,p99 latency"
    #expect(lines.first.map(String.init) == names)
    #expect(lines.last?.hasPrefix("16,1000,0,0,") == true)
  }

  @Test func `a search has one row a rate by throughput`() {
    let lines = PerfAnalyzerCSV.write(ResultFixtures.search()).split(separator: "\n")
    #expect(lines.count == 11)
    let throughputs = lines.dropFirst().compactMap { Double($0.split(separator: ",")[1]) }
    #expect(throughputs == throughputs.sorted() && throughputs.count == 10)
    #expect(Set(lines.map { $0.split(separator: ",").count }) == [13])
  }

  @Test func `every kind but a comparison has rows`() {
    #expect(PerfAnalyzerCSV.write(.comparison(ResultFixtures.comparison())) == nil)
    let scenario = PerfAnalyzerCSV.write(.scenario(ResultFixtures.scenario()))
    #expect(scenario?.split(separator: "\n").count == 4)
    for (name, result) in ResultFixtures.extremes() {
      let cells =
        PerfAnalyzerCSV.write(result).split(separator: "\n").last?
        .split(separator: ",") ?? []
      #expect(cells.allSatisfy { Double($0) != nil }, "\(name): \(cells)")
    }
  }
}
