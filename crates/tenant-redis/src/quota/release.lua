-- Gives permits back. Doing it twice, or for a permit that was never given, does nothing.
--
-- KEYS: the permits of each limit; ARGV: the member of each.

for i, key in ipairs(KEYS) do
  if redis.call('ZREM', key, ARGV[i]) == 1 then
    local sum = -(redis.call('ZSCORE', key, '') or 0)
    redis.call('ZADD', key, tonumber(string.match(ARGV[i], '^%d+')) - sum, '')
  end
end
return 1
