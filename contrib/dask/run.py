"""Runs the shards of a telltape plan on a Dask cluster: run.py SCHEDULER PLAN ROOT DONE [TELLTAPE]"""
import json
import subprocess
import sys

from dask.distributed import Client

scheduler, plan, root, done = sys.argv[1:5]
telltape = sys.argv[5] if len(sys.argv) > 5 else "telltape"


def shard(name):
    command = [telltape, "shard", "run", "--plan", plan, "--id", name, "--root", root, "--out", done]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=3600)  # A deadline: the child is killed.
    if ended.returncode in (75, 130) or ended.returncode < 0:  # Try again: Dask does, on any worker.
        raise OSError(ended.stderr)
    return None if ended.returncode == 0 else f"{name}: exit code {ended.returncode}: {ended.stderr.strip()}"


rest = subprocess.run([telltape, "shard", "plan", "--only", done, "--plan", plan, "--json"], stdout=subprocess.PIPE, check=True)
with Client(scheduler) as client:
    failed = [problem for problem in client.gather(client.map(shard, json.loads(rest.stdout)["shards"], pure=False, retries=3)) if problem]
sys.exit("\n".join(failed) or 0)
