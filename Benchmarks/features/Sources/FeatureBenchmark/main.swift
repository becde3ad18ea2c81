// What feature views cost, on simulated payments:
// `swift run -c release FeatureBenchmark WHAT FOLDER CARDS EVENTS`. Wall time is of use on an idle
// machine alone; the time of the processor is less disturbed.
import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())
let what = arguments.first ?? "windows"
let folder = arguments.count > 1 ? arguments[1] : NSTemporaryDirectory() + "feature-benchmark"
let cards = arguments.count > 2 ? Int(arguments[2]) ?? 100_000 : 100_000
let events = arguments.count > 3 ? Int(arguments[3]) ?? 1_000_000 : 1_000_000
let runs = StoreRuns(folder: folder, cards: cards, events: events)
print("load \(Clocks.load())")
switch what {
case "windows": try WindowRuns.run()
case "ingest": try runs.ingest()
case "text": try runs.text()
case "decide": try runs.decide()
case "decision":
  var runs = DecisionRuns(cards: cards, events: events)
  try runs.run()
case "pause": try runs.pause()
case "leave": try runs.leave(snapshot: false)
case "leave-snapshot": try runs.leave(snapshot: true)
case "recover": try runs.recover()
default: print("windows, ingest, text, decide, decision, pause, leave, leave-snapshot or recover")
}
print("load \(Clocks.load())")
