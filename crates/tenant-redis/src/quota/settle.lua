-- Corrects a charge, so far as it still counts.
--
-- KEYS[1]: the tenant's counts
-- ARGV: at which percentages to warn; then eleven for each limit: its seven, of which the cost is what was used; whether
-- it denies; what was charged; when that was to reset; the mark of the charge.
-- Answer: the warning of each limit.

-- The limits that are asked about, seven arguments each, from ARGV[first] on.
local function limits_from(first, width)
  local limits = {}
  for at = first, #ARGV, width do
    limits[#limits + 1] = {
      kind = ARGV[at],
      field = ARGV[at + 1],
      limit = tonumber(ARGV[at + 2]),
      capacity = tonumber(ARGV[at + 3]),
      window = tonumber(ARGV[at + 4]),
      parts = tonumber(ARGV[at + 5]),
      cost = tonumber(ARGV[at + 6]),
      at = at + 7,
    }
  end
  return limits
end

local percentages = {}
for percent in string.gmatch(ARGV[1], '%d+') do percentages[#percentages + 1] = tonumber(percent) end

local limits, answer = limits_from(2, 11), {}
load_all(limits, KEYS[1], 1)
for i, l in ipairs(limits) do
  l.does.settle(l, tonumber(ARGV[l.at + 1]), l.cost, tonumber(ARGV[l.at + 2]), tonumber(ARGV[l.at + 3]))
  answer[i] = warn(l, percentages)
end
save_all(limits, KEYS[1])
return answer
