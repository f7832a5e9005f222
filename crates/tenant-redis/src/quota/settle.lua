-- Corrects a charge, so far as it still counts.
--
-- KEYS[1]: the tenant's counts
-- ARGV: at which percentages to warn; then ten for each limit: kind, field, limit, capacity, window, parts; what was used;
-- what was charged; when that was to reset; the mark of the charge.
-- Answer: the warning of each limit.

local limits = {}
for at = 2, #ARGV, 10 do
  limits[#limits + 1] = {
    kind = ARGV[at],
    field = ARGV[at + 1],
    limit = tonumber(ARGV[at + 2]),
    capacity = tonumber(ARGV[at + 3]),
    window = tonumber(ARGV[at + 4]),
    parts = tonumber(ARGV[at + 5]),
    actual = tonumber(ARGV[at + 6]),
    charged = tonumber(ARGV[at + 7]),
    resets = tonumber(ARGV[at + 8]),
    mark = tonumber(ARGV[at + 9]),
  }
end

local percentages = {}
for percent in string.gmatch(ARGV[1], '%d+') do percentages[#percentages + 1] = tonumber(percent) end

local answer = {}
load_all(limits, KEYS[1], 1)
for i, l in ipairs(limits) do
  l.does.settle(l, l.charged, l.actual, l.resets, l.mark)
  answer[i] = warn(l, percentages)
end
save_all(limits, KEYS[1])
return answer
