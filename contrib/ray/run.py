"""Runs the shards of a telltape plan on Ray: run.py ADDRESS PLAN ROOT DONE [TELLTAPE]; an example, not tested on each commit."""
import json
import subprocess
import sys

import ray

address, plan, root, done = sys.argv[1:5]
telltape = sys.argv[5] if len(sys.argv) > 5 else "telltape"


@ray.remote(num_cpus=1, max_retries=3, retry_exceptions=[OSError])
def shard(name):
    command = [telltape, "shard", "run", "--plan", plan, "--id", name, "--root", root, "--out", done]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=3600)
    if ended.returncode in (75, 130) or ended.returncode < 0:
        raise OSError(ended.stderr)
    return None if ended.returncode == 0 else f"{name}: exit code {ended.returncode}: {ended.stderr.strip()}"


ray.init(address)
rest = subprocess.run([telltape, "shard", "plan", "--only", done, "--plan", plan, "--json"], stdout=subprocess.PIPE, check=True)
# A deadline for all: after a cut network Ray may wait for ever.
failed = [problem for problem in ray.get([shard.remote(name) for name in json.loads(rest.stdout)["shards"]], timeout=86400) if problem]
sys.exit("\n".join(failed) or 0)
