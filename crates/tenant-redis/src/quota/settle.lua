-- Corrects a charge, so far as it still counts.
--
-- KEYS[1]: the tenant's counts
-- ARGV: at which percentages to warn; then eleven for each limit: its seven, of which the cost is what was used; whether
-- it denies; what was charged; when that was to reset; the mark of the charge.
-- Answer: the warning of each limit.

local limits, answer = limits_from(2, 11), {}
load_all(limits)
for i, l in ipairs(limits) do
  l.does.settle(l, tonumber(ARGV[l.at + 1]), l.cost, tonumber(ARGV[l.at + 2]), tonumber(ARGV[l.at + 3]))
  answer[i] = warn(l, ARGV[1])
end
save_all(limits)
return answer
