"""What must happen at once in Redis, as server-side scripts.

A script is atomic like MULTI, can decide, and may be sent twice: when the reply is lost and the
client sends it again, XACK answers 0 and nothing is published a second time.
"""

import hashlib
from typing import Final


def digest(script: str) -> str:
    """Return by what Redis knows a script that it has: its SHA-1."""
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


_BARE: Final = """
-- A stream's name without the tag of its partition: counters are named alike in all of them.
local function bare(key) return (string.gsub(key, '^{[^}]*}%.', '')) end
"""

_FLOW: Final = """
local function named(flat)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end
-- How many entries a stream ever had, how many of them a group has not read, and read and not
-- ended; and the id up to which it has read. Redis does not know the lag of a stream from which an
-- unread entry was deleted, and Redis 7.0 counts what was trimmed unread: then they are counted.
local function flow(stream, name)
  local info = redis.pcall('XINFO', 'STREAM', stream)
  if info.err then return 0, 0, 0, '0-0' end
  info = named(info)
  local lag, pending, last
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local group = named(flat)
    if group['name'] == name then
      lag, pending, last = group['lag'], group['pending'], group['last-delivered-id']
    end
  end
  if not last then return info['entries-added'], info['length'], 0, '0-0' end
  if not lag or lag > info['length'] then
    local from, page = '(' .. last
    lag = 0
    repeat
      page = redis.call('XRANGE', stream, from, '+', 'COUNT', 1000)
      lag = lag + #page
      if #page > 0 then from = '(' .. page[#page][1] end
    until #page < 1000
  end
  return info['entries-added'], lag, pending, last
end
"""

_REBASE: Final = """
-- Take what a stage's streams have counted as the beginning, so that all adds up from here on.
local function sum(accounts, ...)
  local total = 0
  for _, value in ipairs(redis.call('HMGET', accounts, ...)) do
    total = total + tonumber(value or 0)
  end
  return total
end
local function rebase(begins, accounts, stage, source, target, dead)
  local function of(status) return stage .. ':' .. status end
  local stored = sum(accounts, of('stored'), of('updated'), of('duplicate'))
  local ends = stored + sum(accounts, of('enriched'), of('dead'))
  local added, lag, pending, last = flow(source, stage)
  local base = added - lag - pending - ends
  if begins and last == '0-0' then base = 0 end -- nothing was read yet: what is gone is missing
  redis.call('HSET', accounts, of('base'), base)
  if target ~= source then
    local passed = sum(accounts, of('enriched'), bare(target) .. ':replayed')
    redis.call('HSET', accounts, of('passed'), (flow(target, '')) - passed)
  end
  local letters = sum(accounts, 'dead:parked') - sum(accounts, 'dead:replayed', 'dead:purged')
  redis.call('HSET', accounts, 'dead:base', redis.call('XLEN', dead) - letters)
  redis.call('HSETNX', accounts, 'since', redis.call('TIME')[1])
end
"""

SETTLE: Final = f"""
-- End the work on entries of a group: acknowledge each, publish what came of it, and count it.
-- Acknowledging first also lets a consumer go on when Redis is out of memory: after a write, a
-- script may exceed maxmemory, so the article moves on instead of standing still. What was not
-- pending any more is not counted: however often an entry is delivered, it ends once.
-- KEYS: source, target, dead, accounts, receipts, then files   ARGV: group, how many producers are
-- told apart, how many receipts are kept, how many kinds of ends there are; per kind: key (0 none,
-- 2 target, 3 dead), status, producer, which key is its file (0 none), the file's life, number of
-- fields and values, and of those of a receipt (0 none); then per entry: id, kind, all of these.
-- Most ends of a batch are of one kind, so they are counted together.
-- Returns the ids that were still pending.
{_FLOW}{_BARE}{_REBASE}
local stage, settled, kinds, totals, producers, files = ARGV[1], {{}}, {{}}, {{}}, {{}}, {{}}
local at = 5 + 7 * ARGV[4]
for i = 5, at - 1, 7 do
  kinds[#kinds + 1] = {{
    key = tonumber(ARGV[i]), status = ARGV[i + 1], producer = ARGV[i + 2],
    file = tonumber(ARGV[i + 3]), life = ARGV[i + 4],
    size = tonumber(ARGV[i + 5]), told = tonumber(ARGV[i + 6]), ended = 0,
  }}
end
while at <= #ARGV do
  local id, kind, from = ARGV[at], kinds[tonumber(ARGV[at + 1])], at + 2
  local key, size, told = kind.key, kind.size, kind.told
  if redis.call('XACK', KEYS[1], stage, id) == 1 then
    settled[#settled + 1] = id
    kind.ended = kind.ended + 1
    if key > 0 then redis.call('XADD', KEYS[key], '*', unpack(ARGV, from, from + size - 1)) end
    if told > 0 then
      local last = from + size + told - 1
      redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[3], '*', unpack(ARGV, from + size, last))
    end
  end
  at = from + size + told
end
if #settled == 0 then return settled end
local function count(counts, field, by) counts[field] = (counts[field] or 0) + by end
local function of(groups, name)
  if not groups[name] then groups[name] = {{}} end
  return groups[name]
end
for _, kind in ipairs(kinds) do
  if kind.ended > 0 then
    local field = stage .. ':' .. kind.status
    count(totals, field, kind.ended)
    if kind.key == 3 then count(totals, 'dead:parked', kind.ended) end
    count(of(producers, kind.producer), field, kind.ended)
    if kind.file > 0 then
      of(files, kind.file).life = kind.life
      count(of(of(files, kind.file), 'ended'), 'ended:' .. kind.status, kind.ended)
    end
  end
end
for field, by in pairs(totals) do redis.call('HINCRBY', KEYS[4], field, by) end
for producer, counts in pairs(producers) do
  if redis.call('HEXISTS', KEYS[4], 'producer@' .. producer) == 0 then
    if tonumber(redis.call('HGET', KEYS[4], 'producers') or 0) < tonumber(ARGV[2]) then
      redis.call('HINCRBY', KEYS[4], 'producers', 1)
      redis.call('HSET', KEYS[4], 'producer@' .. producer, 1)
    else
      producer = '(others)'
    end
  end
  for field, by in pairs(counts) do
    redis.call('HINCRBY', KEYS[4], field .. '@' .. producer, by)
  end
end
for key, file in pairs(files) do
  if redis.call('HGET', KEYS[key], 'life') == file.life then
    for field, by in pairs(file.ended) do redis.call('HINCRBY', KEYS[key], field, by) end
  end
end
if redis.call('HEXISTS', KEYS[4], stage .. ':base') == 0 then
  rebase(true, KEYS[4], stage, KEYS[1], KEYS[2], KEYS[3])
end
return settled
"""

BEGIN: Final = f"""
-- Note where a stage's counting begins, before it reads; once.
-- KEYS: source, target, dead, accounts, receipts   ARGV: group
{_FLOW}{_BARE}{_REBASE}
if redis.call('HEXISTS', KEYS[4], ARGV[1] .. ':base') == 0 then
  rebase(true, KEYS[4], ARGV[1], KEYS[1], KEYS[2], KEYS[3])
end
return 1
"""

REPLAY: Final = f"""
-- Send a dead letter again, and count it: it leaves the dead letters in the step that puts it on
-- its stream, so it goes once, and a purge at the same time takes it or leaves it.
-- KEYS: dead, stream, accounts, file   ARGV: id, producer, the file's life or '', then the fields
-- Returns the new id, false when the letter is gone.
{_BARE}
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return false end
redis.call('HINCRBY', KEYS[3], 'dead:replayed', 1)
local replayed = bare(KEYS[2]) .. ':replayed'
redis.call('HINCRBY', KEYS[3], replayed, 1)
local producer = ARGV[2]
if redis.call('HEXISTS', KEYS[3], 'producer@' .. producer) == 0 then producer = '(others)' end
redis.call('HINCRBY', KEYS[3], replayed .. '@' .. producer, 1)
if ARGV[3] ~= '' and redis.call('HGET', KEYS[4], 'life') == ARGV[3] then
  redis.call('HINCRBY', KEYS[4], 'ended:dead', -1)
end
return redis.call('XADD', KEYS[2], '*', unpack(ARGV, 4))
"""

TRIM: Final = """
-- Drop what every group of a stream has acknowledged, and nothing else.
-- KEYS: stream    Returns the number of entries dropped.
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if groups.err or #groups == 0 then return 0 end
local ms, seq
for _, flat in ipairs(groups) do
  local group = {}
  for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end
  local id, step = group['last-delivered-id'], 1
  if group['pending'] > 0 then
    id, step = redis.call('XPENDING', KEYS[1], group['name'])[2], 0
  end
  local m, s = string.match(id, '(%d+)-(%d+)')
  m, s = tonumber(m), tonumber(s) + step
  if not ms or m < ms or (m == ms and s < seq) then ms, seq = m, s end
end
return redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f-%.0f', ms, seq))
"""

FORGET: Final = """
-- Remove a group's consumers that are gone: idle for long, or named, and without pending entries.
-- Asking and removing at once matters: XGROUP DELCONSUMER drops what became pending in between.
-- KEYS: stream    ARGV: group, idle milliseconds, name or ''
-- Returns how many entries the named one still has pending.
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return 0 end
local left = 0
for _, flat in ipairs(consumers) do
  local consumer = {}
  for i = 1, #flat, 2 do consumer[flat[i]] = flat[i + 1] end
  local named = consumer['name'] == ARGV[3]
  if named then left = consumer['pending'] end
  if consumer['pending'] == 0 and (named or consumer['idle'] >= tonumber(ARGV[2])) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
  end
end
return left
"""

ADVANCE: Final = """
-- Publish what was read of a file, and how far that is, at once: what is done twice, because a
-- reply was lost or a process killed, publishes once.
-- KEYS: stream, file, files    ARGV: life (one file under one name), records read before, now in
-- milliseconds, path, number of fields and values, of spans (0 where nothing is traced), the fields
-- and values, the span that each article comes from, then the articles
-- Returns the id of the last article of the file on the stream, or ''.
local life, at, last = unpack(redis.call('HMGET', KEYS[2], 'life', 'records', 'last_entry'))
if life ~= ARGV[1] then at, last = '0', '' end
if at ~= ARGV[2] then return last end -- done before; or Redis has lost what came before
if life ~= ARGV[1] then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'counted', 1)
end
local size, spans = tonumber(ARGV[5]), tonumber(ARGV[6])
redis.call('HSET', KEYS[2], 'life', ARGV[1], unpack(ARGV, 7, 6 + size))
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[4])
for i = 7 + size + spans, #ARGV do
  local entry = {'data', ARGV[i], 'producer', 'inbox'}
  if spans > 0 then entry[5], entry[6] = 'newsflow.traceparent', ARGV[i - spans] end
  last = redis.call('XADD', KEYS[1], '*', unpack(entry))
end
redis.call('HSET', KEYS[2], 'last_entry', last)
return last
"""

LEARN: Final = """
-- Remember what stands in the second half of an article, and say what of it three articles of its
-- source have had. Two articles that share a sign are one. Paragraphs are kept for two rounds: once
-- a round has met its number of them, those that it did not meet are dropped. Writing first what
-- takes no memory lets a consumer go on when Redis is full, as in SETTLE.
-- KEYS: sources, source    ARGV: paragraphs a round, sources, seconds kept, the article's three
-- signs of four bytes, then its paragraphs    Returns those that are learned.
local time = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time - ARGV[3])
local known = redis.call('HMGET', KEYS[2], 'round', 'met', unpack(ARGV, 5))
local round, met = known[1] or '0', tonumber(known[2] or 0)
local learned, new = {}, {}
for i = 5, #ARGV do
  local value = known[i - 2] or ''
  local last, signs = string.sub(value, 1, 1), string.sub(value, 2)
  if last ~= round then met = met + 1 end
  if signs ~= '+' then
    local fresh = true
    for a = 1, #signs, 4 do
      for b = 1, 9, 4 do
        if string.sub(signs, a, a + 3) == string.sub(ARGV[4], b, b + 3) then fresh = false end
      end
    end
    if fresh then signs = #signs == 24 and '+' or signs .. ARGV[4] end
  end
  if signs == '+' then learned[#learned + 1] = ARGV[i] end
  new[#new + 1], new[#new + 2] = ARGV[i], round .. signs
end
redis.call('HSET', KEYS[2], 'round', round, 'met', met, unpack(new))
if met >= tonumber(ARGV[1]) then
  local all, old = redis.call('HGETALL', KEYS[2]), {}
  for i = 1, #all, 2 do
    if #all[i] == 6 and string.sub(all[i + 1], 1, 1) ~= round then old[#old + 1] = all[i] end
  end
  for i = 1, #old, 1000 do
    redis.call('HDEL', KEYS[2], unpack(old, i, math.min(i + 999, #old)))
  end
  redis.call('HSET', KEYS[2], 'round', round == '0' and '1' or '0', 'met', 0)
end
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[1], time, KEYS[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
while redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[2]) do
  redis.call('DEL', redis.call('ZPOPMIN', KEYS[1])[1])
end
return learned
"""

PURGE: Final = """
-- Delete dead letters for good, each once, and count them.
-- KEYS: dead, accounts, then files   ARGV: per letter: id, producer, which key is its file (0
-- none), the file's life    Returns how many were still there.
local purged = 0
for i = 1, #ARGV, 4 do
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then
    local producer, file = ARGV[i + 1], KEYS[tonumber(ARGV[i + 2])]
    if redis.call('HEXISTS', KEYS[2], 'producer@' .. producer) == 0 then producer = '(others)' end
    redis.call('HINCRBY', KEYS[2], 'dead:purged', 1)
    redis.call('HINCRBY', KEYS[2], 'dead:purged@' .. producer, 1)
    if file and redis.call('HGET', file, 'life') == ARGV[i + 3] then
      redis.call('HINCRBY', file, 'purged', 1)
    end
    purged = purged + 1
  end
end
return purged
"""

PAGE: Final = """
-- Read entries of a stream, so many that they hold a number of bytes: an entry may have 2 KB or
-- 30 MB, and COUNT knows only how many.
-- KEYS: stream    ARGV: XRANGE or XREVRANGE, from, to, bytes, entries    Returns as these do.
local page, size, from = {}, 0, ARGV[2]
repeat
  local entry = redis.call(ARGV[1], KEYS[1], from, ARGV[3], 'COUNT', 1)[1]
  if not entry then break end
  page[#page + 1], from = entry, '(' .. entry[1]
  for _, part in ipairs(entry[2]) do size = size + #part end
until size >= tonumber(ARGV[4]) or #page >= tonumber(ARGV[5])
return page
"""

SNAPSHOT: Final = f"""
-- Return everything that has to add up, as it is at one moment; nothing is written.
-- KEYS: accounts, dead, then streams   ARGV: the group of each stream
-- Returns the accounts as fields and values, the number of letters, and of each stream: entries
-- it ever had, unread, pending, the id up to which it is read.
{_FLOW}
local flows = {{}}
for i, group in ipairs(ARGV) do flows[i] = {{flow(KEYS[2 + i], group)}} end
return {{redis.call('HGETALL', KEYS[1]), redis.call('XLEN', KEYS[2]), flows}}
"""

ACCEPT: Final = f"""
-- Begin to count anew from what there is, and note why.
-- KEYS: accounts, dead, then streams; the last has no target   ARGV: the note, the group of each
{_FLOW}{_BARE}{_REBASE}
redis.call('HSET', KEYS[1], 'accepted', ARGV[1])
for i = 2, #ARGV do
  rebase(false, KEYS[1], ARGV[i], KEYS[i + 1], KEYS[math.min(i + 2, #KEYS)], KEYS[2])
end
return 1
"""
