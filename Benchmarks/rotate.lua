-- wrk script: posts the request bodies of a folder in turn, so that no row repeats at once.
-- Arguments: folder, number of bodies, path, length of the JSON part (0: the whole body is JSON).
local requests = {}
local turn = 0

function init(arguments)
  local folder, count = arguments[1], tonumber(arguments[2])
  local path, length = arguments[3], arguments[4]
  for index = 0, count - 1 do
    local file = assert(io.open(folder .. "/" .. index, "rb"))
    local body = file:read("*a")
    file:close()
    local headers = { ["Content-Type"] = "application/json" }
    if length ~= "0" then
      headers["Content-Type"] = "application/octet-stream"
      headers["Inference-Header-Content-Length"] = length
    end
    requests[index] = wrk.format("POST", path, headers, body)
  end
end

function request()
  turn = turn + 1
  return requests[turn % (#requests + 1)]
end

function done(summary, latency, rates)
  local errors = summary.errors
  io.write(string.format(
    "RESULT {\"requests\": %d, \"microseconds\": %d, \"p50\": %d, \"p99\": %d, \"max\": %d, "
      .. "\"errors\": %d}\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
