"""Runs the shards of a telltape plan on Spark: spark-submit run.py PLAN ROOT DONE [TELLTAPE]"""
import json
import subprocess
import sys

from pyspark.sql import SparkSession

plan, root, done = sys.argv[1:4]
telltape = sys.argv[4] if len(sys.argv) > 4 else "telltape"


def shard(name):
    command = [telltape, "shard", "run", "--plan", plan, "--id", name, "--root", root, "--out", done]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=3600)  # A deadline: the child is killed.
    if ended.returncode in (75, 130) or ended.returncode < 0:  # Try again: Spark does, spark.task.maxFailures times.
        raise OSError(ended.stderr)
    return None if ended.returncode == 0 else f"{name}: exit code {ended.returncode}: {ended.stderr.strip()}"


rest = subprocess.run([telltape, "shard", "plan", "--only", done, "--plan", plan, "--json"], stdout=subprocess.PIPE, check=True)
names = json.loads(rest.stdout)["shards"]
spark = SparkSession.builder.appName("telltape").getOrCreate()
failed = spark.sparkContext.parallelize(names, max(len(names), 1)).map(shard).filter(bool).collect()
spark.stop()
sys.exit("\n".join(failed) or 0)
