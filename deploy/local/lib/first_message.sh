# What to type for a first message: two people, a direct conversation, one of them listening on a socket node.

first_message() {
  local url binary=$BINARY
  url=$(main_url)
  [ "$CALLER" = "$ROOT" ] && binary=${binary#"$ROOT/"}
  cat <<END

Martlet serves at $url ($API_NODES api and $SOCKET_NODES socket nodes), and the older applications' clients at
$(for name in $DIALECTS; do echo "  $(dialect_url "$name")  $name"; done)
The first message, in one shell:

1. Two people register and sign in (\$ada, \$bob: their access tokens; \$bob_id: whom to write to).

url=$url; post() { curl -sS -H 'Content-Type: application/json' "\$@"; }; first() { grep -o "\"\$1\":\"\\?[^\",}]*" | head -n 1 | sed 's/.*:"\\?//'; }; for who in ada bob; do post \$url/v1/users -d "{\"username\":\"\$who\",\"password\":\"a long word for \$who\"}"; echo; session=\$(post \$url/v1/sessions -d "{\"username\":\"\$who\",\"password\":\"a long word for \$who\"}"); declare \$who="\$(first access_token <<<"\$session")" "\${who}_id=\$(first id <<<"\$session")"; done

2. Bob listens over a WebSocket, and goes on listening in the background (end it with: kill %1).

$binary listen \$url "\$bob" & sleep 1

3. Ada opens the conversation and writes; her answer has the message's id and seq, and bob's listener prints it.

conversation=\$(post \$url/v1/conversations -H "Authorization: Bearer \$ada" -d "{\"kind\":\"direct\",\"user\":\$bob_id}" | first id); post \$url/v1/conversations/\$conversation/messages -H "Authorization: Bearer \$ada" -d '{"text":"Hello, Bob.","client_message_id":"first"}'

END
}
