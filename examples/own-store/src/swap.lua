-- Writes a device if and only if its row is at the expected version. Redis runs nothing else meanwhile.
--
-- KEYS: the row (a hash), the users (a sorted set).
-- ARGV: the expected version, or 'absent'; the user; what is written, name after value after name, or nothing to delete.
--
-- Versions are compared as text: a number in Lua is a double, which does not tell all numbers of 64 bits apart.
local row, users = KEYS[1], KEYS[2]
local version = redis.call('EXISTS', row) == 0 and 'absent' or redis.call('HGET', row, 'version')
if version ~= ARGV[1] then
    return 0
end
-- The users first: a script is not rolled back, and a user without a row is passed over where a row without its user
-- would never be found.
if #ARGV == 2 then
    redis.call('ZREM', users, ARGV[2])
    redis.call('DEL', row)
else
    redis.call('ZADD', users, 0, ARGV[2])
    redis.call('HSET', row, unpack(ARGV, 3))
end
return 1
