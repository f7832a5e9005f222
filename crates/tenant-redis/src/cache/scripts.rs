//! What the server does for the cache, each in one step.
//!
//! All take the place of the tenant's epoch, `KEYS[1]`, and the entry's key, `ARGV[1]`. Entries stand below the epoch, in
//! the same slot, because the hash tag is the same. A value is told from a missing one by its type: a miss is nil.

use crate::script::Script;

pub(super) struct Scripts {
    pub(super) get: Script,
    pub(super) exists: Script,
    pub(super) set: Script,
    pub(super) delete: Script,
    pub(super) add: Script,
    pub(super) lease: Script,
    pub(super) fill: Script,
}

/// The epoch, if there is one.
macro_rules! reading {
    () => {
        "local epoch = redis.call('GET', KEYS[1])
         if not epoch then return false end
         local data = KEYS[1] .. ':' .. epoch .. ':d:' .. ARGV[1]
         local lease = KEYS[1] .. ':' .. epoch .. ':l:' .. ARGV[1]
        "
    };
}

/// The epoch, made with `ARGV[2]` if there is none. It outlives every entry: each write makes it last `ARGV[3]` ms, twice
/// what an entry may.
macro_rules! writing {
    () => {
        "local epoch = redis.call('GET', KEYS[1])
         if epoch then
           redis.call('PEXPIRE', KEYS[1], ARGV[3])
         else
           epoch = ARGV[2]
           redis.call('SET', KEYS[1], epoch, 'PX', ARGV[3])
         end
         local data = KEYS[1] .. ':' .. epoch .. ':d:' .. ARGV[1]
         local lease = KEYS[1] .. ':' .. epoch .. ':l:' .. ARGV[1]
        "
    };
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            get: Script::new(concat!(reading!(), "return redis.call('GET', data)")),
            exists: Script::new(concat!(reading!(), "return redis.call('EXISTS', data)")),
            // ARGV[4]: the value; ARGV[5]: its time to live
            set: Script::new(concat!(
                writing!(),
                "redis.call('SET', data, ARGV[4], 'PX', ARGV[5])
                 redis.call('DEL', lease)
                 return 1"
            )),
            delete: Script::new(concat!(
                reading!(),
                "redis.call('DEL', lease)
                 return redis.call('DEL', data)"
            )),
            // ARGV[4]: what is added; ARGV[5]: the time to live of a new counter. The sum is read back as text: as a
            // number it would pass through one of Lua's, which has 53 bits.
            add: Script::new(concat!(
                writing!(),
                "local is_new = redis.call('EXISTS', data) == 0
                 local sum = redis.pcall('INCRBY', data, ARGV[4])
                 if type(sum) == 'table' then
                   if string.find(sum.err, 'overflow', 1, true) then return {2} end
                   return {1}
                 end
                 if is_new then redis.call('PEXPIRE', data, ARGV[5]) end
                 redis.call('DEL', lease)
                 return {0, redis.call('GET', data)}"
            )),
            // ARGV[4]: the number of the lease; ARGV[5]: how long it is good for
            lease: Script::new(concat!(
                writing!(),
                "local value = redis.call('GET', data)
                 if value then return {value} end
                 redis.call('SET', lease, ARGV[4], 'PX', ARGV[5])
                 return {}"
            )),
            // ARGV[2]: the number of the lease; ARGV[3]: the value; ARGV[4]: its time to live, 0 for none at all
            fill: Script::new(concat!(
                reading!(),
                "if redis.call('GET', lease) ~= ARGV[2] then return 0 end
                 redis.call('DEL', lease)
                 if ARGV[4] == '0' then return 1 end
                 redis.call('SET', data, ARGV[3], 'PX', ARGV[4])
                 return 1"
            )),
        }
    }
}
