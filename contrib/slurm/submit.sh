#!/bin/sh
# submit.sh PLAN ROOT DONE: an array over the shards that are not done yet, and waits for it.
set -eu
export PLAN="$1" ROOT="$2" DONE="$3" REST="$3.rest"
"${TELLTAPE:-telltape}" shard plan --only "$DONE" --plan "$PLAN" > "$REST"
count=$(wc -l < "$REST")
[ "$count" -gt 0 ] || exit 0
exec sbatch --wait --export=ALL --array="0-$((count - 1))" --output="$DONE.%a.log" "$(dirname "$0")/telltape.sbatch"
