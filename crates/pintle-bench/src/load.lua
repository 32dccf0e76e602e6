-- wrk -s load.lua URL -- get
-- wrk -s load.lua URL -- create FILE    one POST for each key, in the paths of the file by turns
-- wrk -s load.lua URL -- delete FILE    one DELETE for each path of the file, by turns

local paths, sent = {}, 0

local function create()
  local path = paths[sent % #paths + 1]
  sent = sent + 1
  local body = string.format(
    '{"key":"BENCH_%d","value":"value-%d-of-a-length-that-a-key-has","type":"encrypted","target":["production"]}',
    sent, sent)
  return wrk.format("POST", path, nil, body)
end

-- By turns, too: who removes must have enough of them.
local function delete()
  local path = paths[sent % #paths + 1]
  sent = sent + 1
  return wrk.format("DELETE", path)
end

function init(args)
  if args[2] then
    for line in io.lines(args[2]) do
      paths[#paths + 1] = line
    end
  end
  if args[1] == "create" then
    wrk.headers["Content-Type"] = "application/json"
    request = create
  elseif args[1] == "delete" then
    request = delete
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'measured {"requests":%d,"seconds":%.6f,"p99":%.3f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
