import TestKit

/// One door to the same users and messages, in the words of a story (`Transcript`) by which the matrix speaks there.
///
/// In the words `ME` is who acts and `THEM` the other of the two, `TEXT` what is said; a door's socket is a name of its
/// own, `ME@`. Bound from the beginning are `ME.id`, `ME.token` (our own) and `between`, their conversation; the
/// rest a door binds itself. A dialect is one row here.
struct MatrixDoor {
  /// The dialect's name; `native` for our own wire.
  let name: String
  /// What carries its sockets.
  let carrier: NetworkStage.Carrier
  /// Signing in, and opening a socket that hears what the other says.
  let arrive: String
  /// Saying `TEXT`.
  let say: String
  /// Hearing it on the socket.
  let hear: String
  /// Asking for all that was said between the two; nothing where no history is to be had.
  var read = ""
  /// One element of the answer, and the answer around all of them, `ALL`.
  var element = ""
  var list = "[ALL]"
  /// Whether the newest is first.
  var isNewestFirst = false
  /// Saying `TEXT` to who has blocked.
  let refused: String
  /// Blocking the other, where there is a word for it.
  var block: String?
  /// Whether who was blocked may then say one last word.
  var leavesLastWord = false

  /// Where the door is.
  var prefix: String { name == "native" ? "" : "/dialects/\(name)" }

  /// Frames that a story of messages takes no notice of, whichever door tells them.
  static let noise: Set<String> = [
    "hello", "user_status", "user_status_change", "user_joined", "chat_change", "connected", "conversation.created",
    "conversation.joined", "member.joined", "contact.changed", "block.changed",
  ]

  /// All of them.
  static let all = [native, session, messenger, realtime, pymessage, umoc]

  static let native = MatrixDoor(
    name: "native", carrier: .socketIO,
    arrive: """
      ME@ > CONNECT ? {"token":"${ME.token}"}
      ME@ < CONNECTED
      ME@ > ["resume",{}]
      """,
    say: """
      ME > POST /v1/conversations/${between}/messages as ${ME.token} {"text":"TEXT"}
      ME < 201
      """,
    hear: """
      ME@ < ["message.created",{"d":{"text":"TEXT","sender":{"id":"$THEM.id","...":0},"...":0},"...":0}]
      """,
    read: "ME > GET /v1/conversations/${between}/messages as ${ME.token}",
    element: #"{"text":"TEXT","...":0}"#, list: #"{"messages":[ALL],"...":0}"#,
    refused: """
      ME > POST /v1/conversations/${between}/messages as ${ME.token} {"text":"TEXT"}
      ME < 403 {"code":"blocked","...":0}
      """,
    block: """
      ME > PUT /v1/blocks/${THEM.id} as ${ME.token}
      ME < 200
      """)

  static let session = MatrixDoor(
    name: "umoc-session", carrier: .socketIO,
    arrive: """
      ME > GET /dialects/umoc-session/login?username=${ME}&password=${ME.password}
      ME < 200 {"sessionID":"$ME.session","...":0}
      ME@ > CONNECT /dialects/umoc-session?sessionID=${ME.session}
      ME@ < CONNECTED
      """,
    say: """
      ME > POST /dialects/umoc-session/saveMessage {"sessionID":"$ME.session","recipientID":"$THEM.id","content":"TEXT"}
      ME < 200 {"message_id":"$any","...":0}
      """,
    hear: #"ME@ < ["new_message",{"content":"TEXT","sender_id":"$THEM.id","...":0}]"#,
    read: "ME > GET /dialects/umoc-session/getContactMessages?sessionID=${ME.session}&contact=${THEM}",
    element: #"{"content":"TEXT","...":0}"#, isNewestFirst: true,
    refused: """
      ME > POST /dialects/umoc-session/saveMessage {"sessionID":"$ME.session","recipientID":"$THEM.id","content":"TEXT"}
      ME < 403 {"error":"Unable to send message because of user rules"}
      """,
    block: """
      ME > POST /dialects/umoc-session/changeContact?sessionID=${ME.session}&contact=${THEM}&status=blocked
      ME < 200 {"success":"Contact status changed successfully"}
      """,
    leavesLastWord: true)

  static let realtime = MatrixDoor(
    name: "realtime", carrier: .socketIO,
    arrive: """
      ME > POST /dialects/realtime/api/auth/login {"username":"${ME}","password":"${ME.password}"}
      ME < 200 {"access_token":"$ME.bearer","...":0}
      ME@ > CONNECT /dialects/realtime?token=${ME.bearer}
      ME@ < CONNECTED
      ME@ > ["join_private",{"other_user_id":"$THEM.id"}]
      ME@ < ["joined_private",{"other_user":{"id":"$THEM.id","...":0},"...":0}]
      """,
    say: """
      ME > POST /dialects/realtime/api/messages/private/${THEM.id} as ${ME.bearer} {"content":"TEXT"}
      ME < 201 {"content":"TEXT","...":0}
      """,
    hear: #"ME@ < ["new_private_message",{"content":"TEXT","sender":{"id":"$THEM.id","...":0},"...":0}]"#,
    read: "ME > GET /dialects/realtime/api/messages/private/${THEM.id} as ${ME.bearer}",
    element: #"{"content":"TEXT","...":0}"#, list: #"{"messages":[ALL],"...":0}"#,
    refused: """
      ME > POST /dialects/realtime/api/messages/private/${THEM.id} as ${ME.bearer} {"content":"TEXT"}
      ME < 403
      """)

  static let pymessage = MatrixDoor(
    name: "pymessage", carrier: .typedJSON,
    arrive: """
      ME@ > CONNECT /dialects/pymessage
      ME@ < CONNECTED
      ME@ > {"type":"login","username":"${ME}","pin":"${ME.password}"}
      ME@ < {"type":"resp","id":"$ME.id"}
      """,
    say: """
      ME@ > {"type":"send_msg","recipient":"$THEM.id","content":"TEXT"}
      ME@ < {"type":"send_resp","status":"success"}
      """,
    hear: #"ME@ < {"type":"message","sender":"$THEM.id","content":"TEXT"}"#,
    refused: """
      ME@ > {"type":"send_msg","recipient":"$THEM.id","content":"TEXT"}
      ME@ < {"type":"error","error":"${THEM.id} is not connected to the network"}
      """)

  static let messenger = MatrixDoor(
    name: "messenger", carrier: .socketIO,
    arrive: """
      ME > POST /dialects/messenger/login {"username":"${ME}","password_hash":"${ME.password}"}
      ME < 200 (Set-Cookie: session=${ME.cookie};*)
      ME@ > CONNECT /dialects/messenger (Cookie: session=${ME.cookie})
      ME@ < CONNECTED
      ME@ > ["login",{"username":"${ME}"}]
      """,
    say: """
      ME > POST /dialects/messenger/messages (Cookie: session=${ME.cookie}) \
        {"text":"TEXT","sender":"$ME.id","recipient":"$THEM.id","message_type":"text"}
      ME < 201 {"text":"TEXT","...":0}
      """,
    hear: #"ME@ < ["message",{"$text":{"text":"TEXT","sender":"${THEM}","...":0}}]"#,
    read: """
      ME > GET /dialects/messenger/messages?senderId=${ME.id}&recipientId=${THEM.id} (Cookie: session=${ME.cookie})
      """,
    element: #"{"text":"TEXT","...":0}"#,
    refused: """
      ME > POST /dialects/messenger/messages (Cookie: session=${ME.cookie}) \
        {"text":"TEXT","sender":"$ME.id","recipient":"$THEM.id","message_type":"text"}
      ME < 403
      """)

  static let umoc = MatrixDoor(
    name: "umoc", carrier: .socketIO,
    arrive: """
      ME > GET /dialects/umoc/login?username=${ME}&password=${ME.password}
      ME < 200 {"access_token":"$ME.jwt","user_id":"$ME.uuid","...":0}
      ME@ > CONNECT /dialects/umoc?token=${ME.jwt}
      ME@ < CONNECTED
      """,
    say: """
      ME > POST /dialects/umoc/saveMessage as ${ME.jwt} {"recipient_id":"$THEM.uuid","content":"TEXT"}
      ME < 200 {"message_id":"$any","...":0}
      """,
    hear: #"ME@ < ["new_message",{"content":"TEXT","sender_id":"$THEM.uuid","...":0}]"#,
    read: "ME > GET /dialects/umoc/getChatMessages?chat_id=${THEM.uuid} as ${ME.jwt}",
    element: #"{"content":"TEXT","...":0}"#, list: #"{"messages":[ALL],"...":0}"#,
    refused: """
      ME > POST /dialects/umoc/saveMessage as ${ME.jwt} {"recipient_id":"$THEM.uuid","content":"TEXT"}
      ME < 403 {"error":"Unable to send message because of user rules"}
      """,
    block: """
      ME > POST /dialects/umoc/changeContact as ${ME.jwt} {"contact_id":"$THEM.uuid","status":"BLOCKED"}
      ME < 200 {"success":"Contact status changed successfully"}
      """,
    leavesLastWord: true)
}
