import ChatCore
import IORuntime
import Redis
import RedisBroker

/// What a node needs of Redis, or of a cluster of them.
extension Doctor {
  static func checkRedis(_ loop: EventLoop, _ configuration: Configuration) async -> Bool {
    let settings: RedisSettings
    do throws(StartFailure) {
      settings = try configuration.redisSettings(client: "doctor")
    } catch {
      return check("redis", .failure(error))
    }
    let client = RedisClient(loop: loop, settings: settings)
    client.start()
    defer { client.close() }
    let isConnected = await client.connected(within: 3_000)
    if settings.isCluster, let report = client.cluster { return await check(report, client, configuration) }
    guard isConnected else {
      let reason = client.counters.lastError.map { "\($0)" } ?? "no answer within 3 s"
      let advice = isDisabled(client.counters.lastError) ? "it is one Redis: write redis:// or rediss:// in" : "is"
      let rest = isDisabled(client.counters.lastError) ? "" : " right, and Redis running?"
      return check("redis", .failure(StartFailure("\(reason): \(advice) MARTLET_REDIS_URL\(rest)")))
    }
    guard await isAlone(client) else {
      return check(
        "redis",
        .failure(
          StartFailure("a node of a Redis Cluster: write redis+cluster:// or rediss+cluster:// in MARTLET_REDIS_URL")))
    }
    return await checkChannels(client, configuration, "Redis answers and knows sharded channels")
  }

  private static func check(_ report: ClusterReport, _ client: RedisClient, _ configuration: Configuration) async
    -> Bool
  {
    for sentence in sentences(report) { say(nil, "redis", sentence) }
    let away = report.masters.filter { !$0.isConnected }.map(\.address.description)
    guard away.isEmpty else {
      let names = away.joined(separator: ", ")
      return check(
        "redis", .failure(StartFailure("no connection to \(names): is it running, and reachable from here?")))
    }
    guard report.slotsCovered == Int(HashSlot.count) else {
      let missing = Int(HashSlot.count) - report.slotsCovered
      return check(
        "redis",
        .failure(
          StartFailure("\(missing) slots belong to no master: see redis-cli --cluster check, then --cluster fix")))
    }
    let words = "\(report.masters.count) masters with all slots, \(report.replicas) replicas, sharded channels"
    return await checkChannels(client, configuration, "Redis Cluster answers: \(words)")
  }

  /// What is not wrong and yet to be told.
  static func sentences(_ report: ClusterReport) -> [String] {
    let alone = report.masters.filter { !$0.hasReplica }.map(\.address.description)
    var sentences: [String] = []
    if !alone.isEmpty {
      sentences.append(
        "no replica of \(alone.joined(separator: ", ")): who dies without one leaves slots to nobody until he is back; "
          + "add one by redis-cli --cluster add-node … --cluster-slave")
    }
    if report.masters.count < 3 {
      sentences.append("\(report.masters.count) masters: no majority can replace a dead one; run three or more")
    }
    return sentences
  }

  private static func isDisabled(_ error: RedisError?) -> Bool {
    if case .refused(let text) = error { text.contains("cluster support disabled") } else { false }
  }

  private static func isAlone(_ client: RedisClient) async -> Bool {
    do throws(RedisError) {
      return ClusterInfo(try await client.command(RedisCommand("CLUSTER", "INFO"))) == nil
    } catch {
      // Not enabled, or not for this user: then what is refused later tells.
      return true
    }
  }

  private static func checkChannels(
    _ client: RedisClient, _ configuration: Configuration, _ success: String
  ) async -> Bool {
    do throws(RedisError) {
      _ = try await client.command(RedisCommand("SPUBLISH", "\(configuration.shared.redisPrefix)doctor", ""))
    } catch {
      return check("redis", .failure(StartFailure("\(error): Redis 7 is needed, for sharded channels (SPUBLISH)")))
    }
    let refusal = await refusal(client, configuration)
    let answers = check("redis", refusal.map { .failure($0) } ?? .success(success))
    return await checkNodes(client, configuration) && answers
  }

  /// Why Redis takes nothing that is written: no memory, no disk, a replica. What is published gets through all the
  /// same, so that messages alone do not show it.
  private static func refusal(_ client: RedisClient, _ configuration: Configuration) async -> StartFailure? {
    let key = "\(configuration.shared.redisPrefix)doctor"
    do throws(RedisError) {
      _ = try await client.command(RedisCommand("HSET", key, "a", "1"))
      _ = try await client.command(RedisCommand("PEXPIRE", key, "1000"))
      return nil
    } catch {
      return StartFailure("\(error): until it writes again nodes are not listed, and nobody is told who is there")
    }
  }

  /// Who is on the list, and whether a node with these settings would be let in.
  private static func checkNodes(_ client: RedisClient, _ configuration: Configuration) async -> Bool {
    let names = configuration.topicNames
    do throws(RedisError) {
      let lines = NodeLines(try await NodeList(client: client, names: names).read(), beside: configuration.agreement)
      for line in lines.text(at: SystemClock().now.milliseconds) { Terminal.print("     \(line)") }
      return check("nodes", lines.verdict)
    } catch {
      return check("nodes", .failure(StartFailure("the list of nodes cannot be read: \(error)")))
    }
  }
}
