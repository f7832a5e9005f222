-- Extends the leases of permits that are held, and takes those that were lost (with a server, or after a standstill) anew:
-- whoever holds them is at work, whether the server knows or not.
--
-- KEYS[1]: the permits of a limit; ARGV[1]: the length of a lease; then the members.

local clock = redis.call('TIME')
local ends = clock[1] * 1000000 + clock[2] + ARGV[1]
local sum = -(redis.call('ZSCORE', KEYS[1], '') or 0)
for i = 2, #ARGV do
  if redis.call('ZADD', KEYS[1], ends, ARGV[i]) == 1 then
    sum = sum + tonumber(string.match(ARGV[i], '^%d+'))
  end
end
redis.call('ZADD', KEYS[1], -sum, '')
redis.call('PEXPIRE', KEYS[1], math.floor(ARGV[1] / 500))
return 1
