-- wrk … -s load.lua URL -- get

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'measured {"requests_per_second":%.1f,"p99_ms":%.3f,"errors":%d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
