import Redis

/// The Lua scripts of this module, from the files of the same names beside it.
enum Scripts {
  static func take() -> RedisScript { script(PackageResources.take_lua) }
  static func heartbeat() -> RedisScript { script(PackageResources.heartbeat_lua) }
  static func join() -> RedisScript { script(PackageResources.join_lua) }
  static func nodes() -> RedisScript { script(PackageResources.nodes_lua) }
  static func lease() -> RedisScript { script(PackageResources.lease_lua) }
  static func say() -> RedisScript { script(PackageResources.say_lua) }
  static func find() -> RedisScript { script(PackageResources.find_lua) }

  private static func script(_ bytes: [UInt8]) -> RedisScript { RedisScript(String(decoding: bytes, as: UTF8.self)) }
}
