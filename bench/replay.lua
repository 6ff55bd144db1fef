-- Replays the requests of a file, each once; says in JSON what came of them. Use with one thread.
local threads = {}
local waiting, at, sent = {}, 0, 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  while true do
    local length = file:read(10)
    if not length then break end
    waiting[#waiting + 1] = file:read(tonumber(length))
  end
  file:close()
  exhausted = 0
  statuses = ""
end

function request()
  at = at + 1
  if at > #waiting then
    at = 1
    exhausted = exhausted + 1
  end
  return waiting[at]
end

local seen = {}
function response(status)
  if status < 300 then return end
  seen[status] = (seen[status] or 0) + 1
  local told = {}
  for code, count in pairs(seen) do told[#told + 1] = string.format('"%d":%d', code, count) end
  statuses = table.concat(told, ",")
end

function done(summary, latency)
  local wrapped, refused = 0, ""
  for _, thread in ipairs(threads) do
    wrapped = wrapped + thread:get("exhausted")
    refused = thread:get("statuses")
  end
  local failed = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"wrapped":%d,"refused":{%s},"broken":%d,"p50":%.3f,"p99":%.3f,"longest":%.3f}\n',
    summary.requests, summary.duration, wrapped, refused,
    failed.connect + failed.read + failed.write + failed.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
