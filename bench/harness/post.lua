-- Posts one body with the headers of the environment, and prints one line that a program can read:
-- bench <requests> <microseconds> <p50 us> <p99 us> <errors>
wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["content-type"] = "application/json"
for name, value in string.gmatch(os.getenv("BENCH_HEADERS") or "", "([^:\n]+): ([^\n]+)") do
  wrk.headers[name] = value
end

-- With BENCH_UNIQUE, that text in the body is another number in each request.
local unique = os.getenv("BENCH_UNIQUE")
if unique then
  local from, to = string.find(wrk.body, unique, 1, true)
  local before, after = string.sub(wrk.body, 1, from - 1), string.sub(wrk.body, to + 1)
  local start, count = os.time() * 1000, 0
  request = function()
    count = count + 1
    return wrk.format(nil, nil, nil, before .. start .. count .. after)
  end
end

function done(summary, latency)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("bench %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors))
end
