internal import DequeModule

/// The connections of one thread: which are open, which have room, which need a flush.
///
/// Vacant connections are used in turn, the one that has waited longest first, so that all are kept
/// alive and a server sees the load spread as many clients would spread it. (Preferring the one
/// used last would keep caches warmer and show prettier figures than a fleet of clients gets.)
struct ConnectionTable {
  enum State { case free, connecting, open }

  struct Record {
    var connection: (any LoadConnection)?
    var state = State.free
    /// Whether it has brought an answer.
    var hasAnswered = false
    /// Requests on it.
    var underWay = 0
    fileprivate var isQueued = false
    fileprivate var isTouched = false
  }

  private(set) var records: [Record] = []
  private var free: [Int] = []
  private var places: [ObjectIdentifier: Int] = [:]
  /// Places that may have room; one that was reused or filled meanwhile is passed over.
  private var vacant = Deque<Int>()
  private var touched: [Int] = []
  private(set) var connecting = 0
  private(set) var open = 0

  /// Connections that are open or coming.
  var alive: Int { connecting + open }

  /// Adds a connection that has just been dialled.
  mutating func add(_ connection: any LoadConnection) -> Int {
    let place = free.popLast() ?? records.count
    if place == records.count { records.append(Record()) }
    records[place].connection = connection
    records[place].state = .connecting
    records[place].hasAnswered = false
    records[place].underWay = 0
    places[ObjectIdentifier(connection)] = place
    connecting += 1
    return place
  }

  func place(of connection: any LoadConnection) -> Int? { places[ObjectIdentifier(connection)] }

  /// Notes that a connection has room; `true` if it is open for the first time.
  mutating func becameVacant(_ place: Int) -> Bool {
    let isFirst = records[place].state == .connecting
    if isFirst {
      records[place].state = .open
      connecting -= 1
      open += 1
    }
    queue(place)
    return isFirst
  }

  /// A request on a connection ended.
  mutating func answered(_ place: Int, byPeer: Bool) {
    records[place].underWay -= 1
    if byPeer { records[place].hasAnswered = true }
  }

  /// The connection whose turn it is, out of the queue; `nil` if none has room. After sending, say
  /// ``sent(_:leavingRoom:)``.
  mutating func popVacant() -> (place: Int, connection: any LoadConnection)? {
    while let place = vacant.popFirst() {
      records[place].isQueued = false
      if records[place].state == .open, let connection = records[place].connection,
        connection.vacancies > 0
      {
        return (place, connection)
      }
    }
    return nil
  }

  /// A request was sent on a connection that ``popVacant()`` gave.
  mutating func sent(_ place: Int, leavingRoom: Bool) {
    records[place].underWay += 1
    if leavingRoom { queue(place) }
    if !records[place].isTouched {
      records[place].isTouched = true
      touched.append(place)
    }
  }

  /// One connection that needs a flush; `nil` once all are done.
  mutating func popTouched() -> (any LoadConnection)? {
    while let place = touched.popLast() {
      records[place].isTouched = false
      if let connection = records[place].connection { return connection }
    }
    return nil
  }

  /// Forgets a connection that ended, and tells what it was.
  mutating func remove(_ connection: any LoadConnection) -> (place: Int, record: Record)? {
    guard let place = places.removeValue(forKey: ObjectIdentifier(connection)) else { return nil }
    let record = records[place]
    if record.state == .open { open -= 1 } else { connecting -= 1 }
    records[place].connection = nil
    records[place].state = .free
    free.append(place)
    return (place, record)
  }

  private mutating func queue(_ place: Int) {
    guard !records[place].isQueued else { return }
    records[place].isQueued = true
    vacant.append(place)
  }
}
