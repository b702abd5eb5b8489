-- wrk: posts one realistic invoice line a request, from a fixed set of 512 made ready beforehand.
local requests = {}
local next_request = 0

function init()
    for i = 1, 512 do
        local body = string.format(
            '{"InvoiceNo":"%d","StockCode":"%d%s","Description":"WHITE HANGING HEART T-LIGHT HOLDER %03d",' ..
            '"Quantity":%d,"InvoiceDate":"01/12/2010 %02d:%02d","UnitPrice":%d.%02d,"CustomerID":%d,' ..
            '"customerName":"Customer %d","Country":"United Kingdom"}',
            536365 + i, 20000 + i * 7, string.char(65 + i % 26), i, i % 40 + 1, 8 + i % 10, i % 60,
            i % 20, i % 100, 12000 + i, 12000 + i)
        requests[i] = wrk.format("POST", "/invoicedata", { ["Content-Type"] = "application/json" }, body)
    end
end

function request()
    next_request = next_request % 512 + 1
    return requests[next_request]
end

function done(summary, latency, _)
    io.write(string.format(
        'result requests=%d microseconds=%d errors=%d p50_us=%d p99_us=%d\n',
        summary.requests, summary.duration,
        summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
