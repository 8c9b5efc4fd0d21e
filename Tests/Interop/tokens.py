"""JWT: what PyJWT makes is accepted, and what an attacker makes is not; with a secret, and with a key set."""

import base64
import hashlib
import hmac
import json
import os
import tempfile
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.utils import base64url_encode

from checks import Topic, equal
from wire import ask

SECRET = "a secret of the tests that is long enough for HS256"
NOW = int(time.time())
KEYS = {"RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate()}
STRANGERS = {"RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
             "EdDSA": ed25519.Ed25519PrivateKey.generate()}
KID = {"RS256": "rsa-1", "ES256": "ec-1", "EdDSA": "ed-1"}


def jwk(algorithm, key):
    kind = jwt.get_algorithm_by_name(algorithm)
    told = kind.to_jwk(key.public_key())
    return {**json.loads(told), "alg": algorithm, "kid": KID[algorithm], "use": "sig"}


JWKS = json.dumps({"keys": [jwk(algorithm, key) for algorithm, key in KEYS.items()]})


def key_set():
    handle, path = tempfile.mkstemp(suffix=".json")
    with os.fdopen(handle, "w") as file:
        file.write(JWKS)
    return ["--jwks", path]


topic = Topic("JWT", {"secret": ["--jwt-secret", SECRET], "key set": key_set,
                      "both": lambda: ["--jwt-secret", SECRET, *key_set()]}, at_once=8)


def claims(**changes):
    return {"iss": "chat", "aud": "chat-api", "sub": "5121", "iat": NOW, "exp": NOW + 600, **changes}


def without(*names):
    return {name: value for name, value in claims().items() if name not in names}


def b64(data):
    data = data if isinstance(data, (bytes, str)) else json.dumps(data)
    return base64url_encode(data.encode() if isinstance(data, str) else data).decode()


def forge(header, payload=None, key=SECRET, digest=hashlib.sha256):
    """Header and payload as they are, or as text; signed as HS256 would be."""
    said = f"{b64(header)}.{b64(claims() if payload is None else payload)}"
    key = key.encode() if isinstance(key, str) else key
    return f"{said}.{b64(hmac.new(key, said.encode(), digest).digest())}"


def asymmetric(algorithm, payload=None, headers=None, keys=KEYS):
    headers = {"kid": KID[algorithm]} if headers is None else headers
    return jwt.encode(claims() if payload is None else payload, keys[algorithm], algorithm, headers=headers)


def hs(payload=None, headers=None):
    return jwt.encode(claims() if payload is None else payload, SECRET, "HS256", headers=headers)


async def answer(fixture, token, scheme="Bearer"):
    token = token if isinstance(token, str) else token.decode("latin-1")
    return await ask(fixture, "GET", "/jwt/me",
        headers=[f"Authorization: {scheme} {token}"] if token is not None else [])


def accepts(why, make, sub="5121", only=("secret", "both"), scheme="Bearer"):
    @topic.check(f"accepted: {why}", only=only)
    async def _(fixture):
        reply = await answer(fixture, make(), scheme)
        equal((reply.status, reply.text), (200, json.dumps({"sub": sub}, separators=(",", ":"), ensure_ascii=False)))


def refuses(why, token, only=("secret", "both")):
    @topic.check(f"refused: {why}", only=only)
    async def _(fixture):
        reply = await answer(fixture, token() if callable(token) else token)
        # One that no header can carry is refused by the header's rules already.
        equal(reply.status, 401 if reply.status != 400 or "\0" not in str(token) else 400)
        equal(reply.headers["content-type"], "application/problem+json")
        assert reply.headers["www-authenticate"].startswith("Bearer"), reply


HS = {"alg": "HS256", "typ": "JWT"}

# Accepted
accepts("HS256 by PyJWT", hs)
accepts("typ at+jwt", lambda: hs(headers={"typ": "at+jwt"}))
accepts("typ application/at+jwt", lambda: hs(headers={"typ": "application/at+jwt"}))
accepts("typ jwt in lower case", lambda: hs(headers={"typ": "jwt"}))
accepts("no typ", lambda: forge({"alg": "HS256"}))
accepts("an audience in a list", lambda: hs(claims(aud=["other", "chat-api"])))
accepts("an audience alone in a list", lambda: hs(claims(aud=["chat-api"])))
accepts("a plain kid for the only secret", lambda: hs(headers={"kid": "main"}))
accepts("no iat", lambda: hs(without("iat")))
accepts("nbf that has come", lambda: hs(claims(nbf=NOW - 1)))
accepts("nbf within the clocks' difference", lambda: hs(claims(nbf=NOW + 10)))
accepts("times with fractions", lambda: hs(claims(exp=NOW + 600.5, iat=NOW - 0.25)))
accepts("more claims", lambda: hs(claims(jti="x", scope="a b", nested={"a": [1, None, True]})))
accepts("a subject beyond ASCII", lambda: hs(claims(sub="ädä-€")), sub="ädä-€")
accepts("blanks in the JSON", lambda: forge('{ "alg" : "HS256" }', json.dumps(claims(), indent=2)))
accepts("an escaped subject", lambda: forge(HS, json.dumps(claims()).replace("5121", "\\u0035121")))
accepts("the scheme in lower case", hs, scheme="bearer")
accepts("a header that names where keys are, which is not looked at", lambda: hs(headers={"jku": "https://x.example/"}))
for name in KEYS:
    accepts(f"{name} by its kid", lambda name=name: asymmetric(name), only=("key set", "both"))
    accepts(f"{name} without kid", lambda name=name: asymmetric(name, headers={}), only=("key set", "both"))

# Algorithms
for name in ("none", "None", "NONE", "nOnE", "none ", ""):
    refuses(f"alg {name!r} without signature", f"{b64({'alg': name})}.{b64(claims())}.")
    refuses(f"alg {name!r} with two parts", f"{b64({'alg': name})}.{b64(claims())}")
    refuses(f"alg {name!r} with a good signature", forge({"alg": name}))
for name in ("HS384", "HS512", "hs256", "HS256 ", " HS256", "HS-256", "RS256", "RS384", "PS256", "ES256", "ES384",
    "ES256K",
             "EdDSA", "dir", "A256KW", "ＨS256", "HS256\0"):
    refuses(f"alg {name!r} signed with the secret", forge({"alg": name}))
refuses("HS512, truly", forge({"alg": "HS512"}, digest=hashlib.sha512))
refuses("HS384, truly", forge({"alg": "HS384"}, digest=hashlib.sha384))
for value in (None, 1, True, [], ["HS256"], {}, {"HS256": 1}):
    refuses(f"alg {value!r}", forge({"alg": value}))
refuses("no alg", forge({"typ": "JWT"}))
for secret in ("", "secret", SECRET + "\n", SECRET[:-1], SECRET.upper(), "\0", "null"):
    refuses(f"HS256 by {secret!r}", forge(HS, key=secret))

# Confusion of keys
PEMS = {name: key.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo) for name, key in KEYS.items()}
for name, pem in PEMS.items():
    der = KEYS[name].public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for what, secret in (("PEM", pem), ("PEM without its last end of line", pem.strip()), ("DER", der),
                         ("JWK", json.dumps(jwk(name, KEYS[name])).encode()), ("key set", JWKS.encode())):
        refuses(f"HS256 by the {what} of {name}", forge({**HS, "kid": KID[name]}, key=secret), ("key set", "both"))
    refuses(f"{name} by a stranger", asymmetric(name, keys=STRANGERS), ("key set", "both"))
    refuses(f"{name} by a stranger, without kid", asymmetric(name, headers={}, keys=STRANGERS), ("key set", "both"))
    refuses(f"{name} by a stranger, whose key comes along",
            asymmetric(name, headers={"jwk": jwk(name, STRANGERS[name]), "kid": "x"}, keys=STRANGERS), ("key set",
            "both"))
    for other in KEYS:
        if other != name:
            refuses(f"{name} under {other}'s kid", asymmetric(name, headers={"kid": KID[other]}), ("key set", "both"))
            crossed = asymmetric(name).split(".")
            crossed[0] = b64({"alg": other, "kid": KID[other]})
            refuses(f"{name} called {other}", ".".join(crossed), ("key set", "both"))
    refuses(f"{name} for a secret", asymmetric(name), ("secret",))
    for size in (0, 1, 32, 63, 64, 65, 256):
        head = f"{b64({'alg': name, 'kid': KID[name]})}.{b64(claims())}"
        refuses(f"{name} with {size} zero bytes as signature", f"{head}.{b64(bytes(size))}", ("key set", "both"))
refuses("a secret's token for a key set", hs, ("key set",))
der_signature = asymmetric("ES256").split(".")
raw = base64.urlsafe_b64decode(der_signature[2] + "==")
R, S = raw[:32].lstrip(b"\0"), raw[32:].lstrip(b"\0")
R, S = (b"\0" * (part[0] > 127) + part for part in (R, S))
DER = b"\2" + bytes([len(R)]) + R + b"\2" + bytes([len(S)]) + S
refuses("ES256 with a signature as DER", ".".join(der_signature[:2] + [b64(b"0" + bytes([len(DER)]) + DER)]),
    ("key set", "both"))

# Names and places of keys
EVIL = "evil" * 8
for extra in ({"jwk": {"kty": "oct", "k": b64(EVIL)}}, {"jku": "https://evil.example/"},
    {"x5u": "https://evil.example/"},
              {"x5c": ["MIIB"]}, {"jku": "file:///etc/passwd"}, {"x5t": "AAAA"}, {"kid": "evil"}):
    refuses(f"a key by {extra}", forge({**HS, **extra}, key=EVIL))
for kid in ("../../../../dev/null", "/dev/null", "' UNION SELECT 'a", "a;b", "a b", "$(id)", "http://x/", "é", "k\0",
    "\r\n"):
    for secret in ("", "\0", SECRET):
        refuses(f"kid {kid!r} signed with {secret[:8]!r}", forge({**HS, "kid": kid}, key=secret))
for kid in (None, 1, [], {}, True, "", ["main"], "k" * 1000):
    refuses(f"kid {str(kid)[:20]!r}", forge({**HS, "kid": kid}))
for crit in (["exp"], [], ["b64"], None, "exp", 1, ["http://x/"], {}):
    refuses(f"crit {crit!r}", forge({**HS, "crit": crit}))
refuses("b64 false with crit", forge({**HS, "b64": False, "crit": ["b64"]}))
for typ in ("JWE", "at+JWE", "refresh", "dpop+jwt", 1, None, [], "", "at+jwt ", "ＪWT", "JWT\0"):
    refuses(f"typ {typ!r}", forge({**HS, "typ": typ}))

# Times, issuer, audience, subject
for why, payload in {
    "no exp": without("exp"), "exp that is past": claims(exp=NOW - 1), "exp that is now": claims(exp=NOW),
    "exp long past": claims(exp=1), "exp 0": claims(exp=0), "exp below 0": claims(exp=-1), "exp null": claims(exp=None),
    "exp as text": claims(exp=str(NOW + 600)), "exp true": claims(exp=True), "exp as a list": claims(exp=[NOW + 600]),
    "exp in milliseconds": claims(exp=(NOW + 600) * 1000), "exp beyond all time": claims(exp=2**63),
    "nbf to come": claims(nbf=NOW + 3600), "nbf as text": claims(nbf=str(NOW)), "nbf null": claims(nbf=None),
    "iat to come": claims(iat=NOW + 3600), "iat as text": claims(iat=str(NOW)), "iat null": claims(iat=None),
    "no iss": without("iss"), "another iss": claims(iss="evil"), "an empty iss": claims(iss=""),
    "iss null": claims(iss=None),
    "iss in a list": claims(iss=["chat"]), "iss in another case": claims(iss="Chat"),
    "iss with a slash": claims(iss="chat/"),
    "iss that looks alike": claims(iss="сhat"), "iss with a blank": claims(iss="chat "),
    "iss with NUL": claims(iss="chat\0"),
    "no aud": without("aud"), "another aud": claims(aud="other"), "aud null": claims(aud=None),
    "an empty aud": claims(aud=""),
    "an empty list of aud": claims(aud=[]), "aud in a list in a list": claims(aud=[["chat-api"]]),
    "aud as an object": claims(aud={"chat-api": 1}), "aud with numbers": claims(aud=["chat-api", 1]),
    "aud in another case": claims(aud="Chat-API"), "aud as a part": claims(aud="chat-api-2"),
    "a part of aud": claims(aud="chat"),
    "no sub": without("sub"), "an empty sub": claims(sub=""), "sub null": claims(sub=None),
    "sub as a number": claims(sub=5121),
    "sub as a list": claims(sub=["5121"]), "sub as an object": claims(sub={"$ne": ""}),
    "sub with NUL": claims(sub="5121\0"),
    "sub with an end of line": claims(sub="5121\n"), "sub with a mark of direction": claims(sub="5121\u202e"),
    "sub of 10 kB": claims(sub="x" * 10000), "no claims": {},
}.items():
    refuses(why, forge(HS, payload))
for number in ("NaN", "Infinity", "1e400", "1e309", "0x7fffffff", "01", "+5", "1.", "1e"):
    refuses(f"exp {number}", forge(HS, json.dumps(claims(exp="?")).replace('"?"', number)))

# JSON
good, head = json.dumps(claims()), json.dumps(HS)
for why, text in {
    "nothing": "", "null": "null", "a list": "[]", "a number": "1", "text": '"x"', "half": good[:-1],
    "more": good + "x",
    "two": good + good, "a comma": good[:-1] + ",}", "a mark before": "\ufeff" + good, "a comment": "/**/" + good,
    "single quotes": good.replace('"', "'"), "sub twice": good[:-1] + ',"sub":"1"}',
    "exp twice": good[:-1] + ',"exp":1}',
    "aud twice": good[:-1] + ',"aud":"x"}', "sub twice, escaped": good[:-1] + ',"s\\u0075b":"1"}',
    "half a pair": good.replace("5121", "\\ud800"), "depth": good[:-1] + ',"x":' + "[" * 500 + "]" * 500 + "}",
    "a control character": good.replace("5121", "51\x0121"), "a wrong escape": good.replace("5121", "\\x41"),
}.items():
    refuses(f"claims that are {why}", forge(HS, text))
for why, text in {
    "nothing": "", "null": "null", "a list": "[]", "half": head[:-1], "more": head + "x",
    "a mark before": "\ufeff" + head,
    "alg twice": head[:-1] + ',"alg":"HS256"}', "alg none, then HS256": '{"alg":"none","alg":"HS256"}',
    "alg twice, escaped": '{"alg":"HS256","\\u0061lg":"none"}', "kid twice": head[:-1] + ',"kid":"a","kid":"b"}',
}.items():
    refuses(f"a header that is {why}", forge(text))
refuses("claims that are no UTF-8", forge(HS, good.encode().replace(b"5121", b"\xff\xfe")))
refuses("claims in UTF-16", forge(HS, good.encode("utf-16")))
refuses("claims within claims", forge(HS, json.dumps(hs())))
refuses("a token in a token", forge({**HS, "cty": "JWT"}, hs()))

# Spelling
GOOD = hs()
first, second, third = GOOD.split(".")
LAST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
loose = third[:-1] + LAST[LAST.index(third[-1]) ^ 1]
for why, token in {
    "one part": first, "two parts": f"{first}.{second}", "four parts": f"{GOOD}.x", "five parts": f"{GOOD}.x.y",
    "a dot before": f".{GOOD}", "a dot behind": f"{GOOD}.", "two dots": GOOD.replace(".", "..", 1), "dots": "..",
    "no signature": f"{first}.{second}.", "no header": f".{second}.{third}", "no claims": f"{first}..{third}",
    "padding": f"{first}.{second}.{third}=", "padding in the header": f"{first}=.{second}.{third}",
    "a blank within": f"{first}. {second}.{third}", "another alphabet": f"{first}.{second}.{'+/' + third[2:]}",
    "a letter that is none": f"{first}.{second}.!{third[1:]}", "a percent": GOOD.replace(".", "%2e"),
    "loose last bits": f"{first}.{second}.{loose}", "a cut signature": GOOD[:-2], "a longer signature": GOOD + "AA",
    "a changed letter in the claims": f"{first}.{second[:-3]}{'A' if second[-3] != 'A' else 'B'}{second[-2:]}.{third}",
    "upper case": GOOD.upper(), "quotes": f'"{GOOD}"', "a comma and more": f"{GOOD},{GOOD}",
    "the token twice": f"{GOOD} {GOOD}",
    "4 kB of letters": "A" * 4097, "10 kB of dots": "." * 10000, "bytes beyond ASCII": f"{first}.{second}.\xff{third}",
    "its JSON form": json.dumps({"payload": second, "protected": first, "signature": third}),
}.items():
    refuses(f"a token spelled as or with {why}", token)
refuses("a token of 10 kB that is well signed", lambda: hs(claims(x="y" * 10000)))


@topic.check("refused: no token, another scheme, two headers, and a token anywhere else", only=("secret",))
async def _(fixture):
    for headers in ([], ["Authorization:"], ["Authorization: Bearer"], [f"Authorization: Basic {GOOD}"],
        [f"Authorization: {GOOD}"],
                    [f"Authorization: Bearer  {GOOD}"], [f"Authorization: Bearer {GOOD}"] * 2,
                    [f"Authorization: Bearer\t{GOOD}"],
                    [f"Cookie: access_token={GOOD}"], [f"X-Authorization: Bearer {GOOD}"],
                    [f"Authorization: Bearer:{GOOD}"]):
        equal((await ask(fixture, "GET", "/jwt/me", headers=headers)).status, 401)
    for query in ("access_token", "token", "jwt"):
        equal((await ask(fixture, "GET", f"/jwt/me?{query}={GOOD}")).status, 401)
