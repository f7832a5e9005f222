-- Where a reader stands: which process answers, whether the entry it read last is still there, and which one is the last.
-- KEYS[1]: the stream; ARGV[1]: the entry that was read last, or ''
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local there = 0
if ARGV[1] ~= '' then
  there = #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
end
return {run or '', there}
