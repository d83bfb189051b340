#!/bin/sh
# Reads a document, and copies it into another one, with nothing but curl:
#   sh copy.sh http://127.0.0.1:4400 notes notes-copy
set -eu
relay=${1:-http://127.0.0.1:4400} from=${2:-notes} to=${3:-$from-copy}
# -f: an answer of 400 or more ends this script, and says why on stderr.
ask() { curl --silent --show-error --fail-with-body "$@"; }

scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

echo "$from reads:"
ask --dump-header "$scratch/headers" "$relay/api/rooms/$from/content?format=text"

# The same question again, with the ETag of the answer: 304, and nothing is sent, while the document is the same.
etag=$(tr -d '\r' <"$scratch/headers" | sed -n 's/^[Ee][Tt]ag: //p')
again=$(ask --output "$scratch/again" --write-out '%{http_code}' --header "If-None-Match: $etag" "$relay/api/rooms/$from/content?format=text")
echo "asked again: $again"

# The other document is made; that it is there already (409) is as good.
ask --output "$scratch/made" --header "Content-Type: application/json" --data "{\"room\":\"$to\"}" "$relay/api/rooms" 2>"$scratch/refusal" ||
  grep -q ROOM_EXISTS "$scratch/made" || { cat "$scratch/refusal" >&2 && exit 1; }

# Everything that is in the first, as one Yjs update, becomes one edit of the other. It may be sent twice: what is there is there.
ask --output "$scratch/update" "$relay/api/rooms/$from/content?format=update"
ask --request PATCH --header "Content-Type: application/octet-stream" --data-binary "@$scratch/update" "$relay/api/rooms/$to/content"
echo
