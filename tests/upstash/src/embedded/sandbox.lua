-- Builds the globals of one script from what Rust lends it.
local redis, KEYS, ARGV, error_text = ...
local error, lua_pcall, tostring = error, pcall, tostring

-- Scripts catch errors as text; those that Rust raised are userdata. error_text raises the one error that
-- cannot be caught, the end of the script's time.
local function settle(handler, ok, ...)
  if ok then
    return true, ...
  end
  return false, handler(error_text((...)))
end

local function same(reason)
  return reason
end

local globals = {
  redis = redis,
  KEYS = KEYS,
  ARGV = ARGV,
  pcall = function(...)
    return settle(same, lua_pcall(...))
  end,
  xpcall = function(f, handler)
    return settle(handler, lua_pcall(f))
  end,
  math = math,
  string = string,
  table = table,
  _VERSION = _VERSION,
  assert = assert,
  error = error,
  getmetatable = getmetatable,
  ipairs = ipairs,
  next = next,
  pairs = pairs,
  rawequal = rawequal,
  rawget = rawget,
  rawset = rawset,
  select = select,
  setmetatable = setmetatable,
  tonumber = tonumber,
  tostring = tostring,
  type = type,
  unpack = unpack,
}

-- The table that a script sees is empty, so that every access comes by here.
local sandbox = {}
globals._G = sandbox
return setmetatable(sandbox, {
  __index = function(_, name)
    local value = globals[name]
    if value == nil then
      error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
    end
    return value
  end,
  __newindex = function()
    error("Attempt to modify a readonly table", 2)
  end,
  __metatable = false,
})
