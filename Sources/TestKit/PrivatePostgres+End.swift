import Glibc
import Synchronization

/// How a server of a test's own ends, and what must not stay behind.
extension PrivatePostgres {
  /// Kills the server and removes all that it had, for good; harmless a second time, and for a given server.
  ///
  /// Without it the same happens when the process ends: then the server's memory and files lie about until then.
  public func end() {
    guard isOurs else { return }
    kill9()
    cutLeash()
  }

  /// What the end of the process does: waits until the shell has ended what runs, and removed everything.
  func cutLeash() { state.withLock { $0.watchdog?.cut() } }

  /// Has a shell end the server when the process ends.
  func keepWatch() throws {
    guard let directory else { return }
    let watchdog = try Watchdog(PrivatePostgres.watch, [directory])
    state.withLock { $0.watchdog = watchdog }
  }

  /// A server that a test has stopped, or has stopped backends of, is killed in the end. Its files are removed when it
  /// makes no more; and the segment of System V that one who was killed leaves (`postmaster.pid` has its key and id in
  /// line 7), since the system has room for 4,096. A number that is another process' by now is left alone.
  private static let watch = """
    cat >/dev/null
    file=$0/data/postmaster.pid pid=$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null)
    segment=$(sed -n 7p "$file" 2>/dev/null)
    runs() { [ "/proc/$pid/cwd" -ef "$0/data" ]; }
    for signal in INT QUIT KILL; do
      runs && kill -$signal "$pid" 2>/dev/null
      for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do runs && sleep 0.1; done
    done
    if [ -e "$file" ] && [ "$segment" ]; then
      set -- $segment
      awk -v "key=$1" -v "id=$2" '$1 == key && $2 == id { exit found = 1 } END { exit !found }' /proc/sysvipc/shm &&
        ipcrm -m "$2" 2>/dev/null
    fi
    rm -rf "$0"
    """
}
