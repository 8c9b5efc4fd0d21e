import Glibc

/// What a shell has as its input that waits for the end of this process, however that comes.
///
/// No other child has either end, not even one that another thread starts at this moment: it would keep the shell
/// waiting as long as it lives, and two such shells each other for ever. Hence two sockets that are closed on exec from
/// the start; a pipe (Glibc does not show pipe2 to Swift) is so only after a second call.
struct Lifeline {
  /// Ours. What is written here the shell reads; its input ends when this is closed.
  let own: CInt
  /// The shell's, to be closed here once it has it.
  let shell: CInt

  /// - Throws: ``PrivatePostgres/Failure`` when no file may be opened.
  init() throws(PrivatePostgres.Failure) {
    var ends: [CInt] = [-1, -1]
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw PrivatePostgres.Failure(what: "socketpair") }
    own = ends[0]
    shell = ends[1]
  }
}
