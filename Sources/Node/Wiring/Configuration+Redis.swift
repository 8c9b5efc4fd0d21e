import Redis
import RedisBroker

extension Configuration {
  /// What keys and topics are called; no prefix that ``TopicNames`` refuses gets through the settings.
  var topicNames: TopicNames { TopicNames(prefix: shared.redisPrefix) ?? .standard }

  /// How Redis is reached.
  ///
  /// - Throws: ``StartFailure`` for a URL that is none of Redis'.
  func redisSettings(client name: String) throws(StartFailure) -> RedisSettings {
    do throws(RedisURLError) {
      var settings = try RedisSettings(url: redis.url?.revealed ?? "")
      settings.clientName = "martlet-\(name)"
      settings.authorityFile = redis.authorityFile
      return settings
    } catch {
      throw StartFailure("MARTLET_REDIS_URL \(error)")
    }
  }
}
