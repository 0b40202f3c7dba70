#!/usr/bin/env bash
# Pins the recordings of a round of live experiments: data/live/NAME-FAULT.jsonl.gz with its manifest and windows, and an
# experiment that replays it. Usage: scripts/pin-live.sh OUT/ROUND NAME, such as scripts/pin-live.sh out/live/17-1 pg17
set -euo pipefail
cd "$(dirname "$0")/.."
round=$1 name=$2
mkdir -p data/live
for score in "$round"/*/score.csv; do
    from=$(dirname "$score") fault=$(basename "$(dirname "$score")")
    pinned=data/live/$name-$fault
    # The manifest's hash is that of the text, so that it holds for the compressed one.
    gzip --no-name --best --stdout "$from/recording.jsonl" > "$pinned.jsonl.gz"
    cp "$from/recording.jsonl.hash" "$pinned.jsonl.hash"
    # Channels that the fault has to show on, and consequences that it had: those may come, and are not missed if they do not.
    windows=$(paste -d, "$from/windows.csv" <(cut -d, -f2,6 "$score" | head -n "$(wc -l < "$from/windows.csv")") |
        awk -F, 'NR > 1 && ($5 == "required" || $6 != "") { print $1 "," $2 "," $3 "," $4 }')
    title=$(sed -n 's/^title = "\(.*\)"$/\1/p' "experiments/live/$fault.toml")
    {
        echo "title = \"PostgreSQL ${name#pg}: $title\""
        printf '\n[input]\ntrace = "%s.jsonl.gz"\ndataset = "postgres"\n' "$pinned"
        if [ -n "$windows" ]; then
            printf '\n[evaluate]\ndetectors = ["reference"]\nwindows = "%s.windows.csv"\n' "$pinned"
        fi
    } > "experiments/live-$name-$fault.toml"
    if [ -n "$windows" ]; then
        { echo "motif,channel,t_start,t_end"; echo "$windows"; } > "$pinned.windows.csv"
    fi
done
