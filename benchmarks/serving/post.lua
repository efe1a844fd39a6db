-- wrk: POST one body from a file; print what was measured as one line of JSON.
local file = io.open(os.getenv("BODY"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = os.getenv("MEDIA_TYPE")
wrk.headers["Accept"] = "application/json"
function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  print(string.format('JSON{"requests":%d,"seconds":%.6f,"failed":%d,"mean_ms":%.4f,"p50_ms":%.4f,"p99_ms":%.4f}',
    summary.requests, summary.duration / 1e6, failed,
    latency.mean / 1e3, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
