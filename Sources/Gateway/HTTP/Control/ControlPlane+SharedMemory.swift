internal import NIOCore

extension ControlPlane {
  func regionStatus(_ kind: HTTPRoute.SharedMemoryKind, _ region: String) throws(ControlError)
    -> ControlAnswer
  {
    guard kind == .system else {
      guard region.isEmpty else {
        throw ControlError(
          404, "Unable to find cuda shared memory region: '\(region)'", code: "NOT_FOUND")
      }
      return ControlAnswer { $0.writeStaticString("[]") }
    }
    let regions: [SharedMemoryRegion]
    do throws(SharedMemoryError) {
      regions = try context.sharedMemory.status(name: region)
    } catch {
      throw ControlError(error)
    }
    return ControlAnswer { body in
      body.writeStaticString("[")
      for (index, region) in regions.enumerated() {
        if index > 0 { body.writeStaticString(",") }
        body.writeStaticString("{\"name\":")
        body.writeJSON(string: region.name)
        body.writeStaticString(",\"key\":")
        body.writeJSON(string: region.key)
        body.writeString(",\"offset\":\(region.offset),\"byte_size\":\(region.byteSize)}")
      }
      body.writeStaticString("]")
    }
  }

  func registerRegion(
    _ kind: HTTPRoute.SharedMemoryKind, _ region: String, _ request: ControlRequest
  ) throws(ControlError) -> ControlAnswer {
    guard kind == .system else {
      throw ControlError(
        501,
        "failed to register CUDA shared memory region '\(region)': this server is built without "
          + "CUDA; use system shared memory",
        code: "UNSUPPORTED")
    }
    let document = try document(request)
    guard let key = document?["key"]?.string,
      let byteSize = document?["byte_size"]?.unsignedInteger
    else {
      throw ControlError(
        400, "registering shared memory needs 'key' (a string) and 'byte_size' (a whole number)",
        code: "INVALID_ARGUMENT")
    }
    var offset: UInt64 = 0
    if let given = document?["offset"] {
      guard let number = given.unsignedInteger else {
        throw ControlError(400, "'offset' must be a whole number", code: "INVALID_ARGUMENT")
      }
      offset = number
    }
    do throws(SharedMemoryError) {
      try context.sharedMemory.register(
        name: region, key: key, offset: offset, byteSize: byteSize)
    } catch {
      throw ControlError(error)
    }
    return ControlAnswer()
  }

  func unregisterRegion(_ kind: HTTPRoute.SharedMemoryKind, _ region: String) -> ControlAnswer {
    if kind == .system {
      if region.isEmpty {
        context.sharedMemory.unregisterAll()
      } else {
        context.sharedMemory.unregister(name: region)
      }
    }
    return ControlAnswer()
  }
}
