/// Remembers the last path of a connection and its route: most connections ask the same thing
/// again and again, and need no new strings for it.
package struct RouteMemory {
  private let router: HTTPRouter
  private var path: [UInt8] = []
  private var route: HTTPRoute?

  package init(router: HTTPRouter) { self.router = router }

  /// The route of a path; `nil` for an unknown one.
  package mutating func route(of path: Span<UInt8>) -> HTTPRoute? {
    if matches(path) { return route }
    self.path.removeAll(keepingCapacity: true)
    for index in 0..<path.count { self.path.append(path[index]) }
    route = router.route(path)
    return route
  }

  private func matches(_ other: Span<UInt8>) -> Bool {
    guard path.count == other.count else { return false }
    let own = path.span
    for index in 0..<other.count where own[index] != other[index] { return false }
    return true
  }
}
